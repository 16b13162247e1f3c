"""Which language a page speaks: Chinese unless somebody asks for English by a link."""

from flask import Flask, Response, has_request_context, request
from flask_babel import Babel
from flask_babel import get_locale as babel_locale

from .config import ROOT

DEFAULT, OTHER = "zh_CN", "en"
LANGUAGES = (DEFAULT, OTHER)
YEAR_SECONDS = 365 * 24 * 3600


def open_languages(app: Flask) -> None:
    """Set up translations, and remember a language chosen by `?lang=`."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "feedback" / "translations")
    Babel(app, default_locale=DEFAULT, default_timezone="Asia/Shanghai", locale_selector=chosen)
    app.after_request(_remember)


def chosen() -> str:
    """Return the language of this request: the link's, else the remembered one, else Chinese."""
    if not has_request_context():
        return DEFAULT
    for wish in (request.args.get("lang"), request.cookies.get("lang")):
        if wish in LANGUAGES:
            return str(wish)
    return DEFAULT


def html_language() -> str:
    """Return the language as HTML names it."""
    return str(babel_locale()).replace("_", "-")


def _remember(response: Response) -> Response:
    wish = request.args.get("lang")
    if wish in LANGUAGES:
        response.set_cookie("lang", str(wish), max_age=YEAR_SECONDS, samesite="Lax", httponly=True)
    return response
