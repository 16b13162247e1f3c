"""Behind HTTPS: what we tell a browser to send must be what our forms want to see."""

import re

from feedback.offices.roles import Role

from ..factories import PASSWORD, make_account, make_district

HTTPS = "https://localhost"
PAGE = f"{HTTPS}/sign-in"


def referrer(policy: str) -> dict[str, str]:
    """Return what a browser adds to a form that is sent to the page's own site."""
    return {} if policy == "no-referrer" else {"Referer": PAGE}


def sign_in(app, client, policy: str | None = None) -> int:
    with app.app_context():
        make_district()
        email = make_account(Role.CLERK).email
    page = client.get("/sign-in", base_url=HTTPS)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.get_data(as_text=True))
    assert token is not None
    said = {"email": email, "password": PASSWORD, "csrf_token": token[1]}
    headers = referrer(policy or page.headers["Referrer-Policy"])
    return client.post("/sign-in", data=said, headers=headers, base_url=HTTPS).status_code


def test_staff_sign_in_behind_https(app, client):
    assert sign_in(app, client) == 302


def test_a_policy_that_hides_the_referrer_would_lock_everybody_out(app, client):
    assert sign_in(app, client, policy="no-referrer") == 400
