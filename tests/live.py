"""A real server on a free port and a real browser, for journeys."""

import os
import shutil
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.serving import make_server

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture
def live_server(app: Flask) -> Iterator[str]:
    """Serve the app with threads and return its address, which is also its `base_url`."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    settings = app.config["FEEDBACK"]
    app.config["FEEDBACK"] = settings.model_copy(update={"base_url": address})
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield address
    server.shutdown()
    thread.join(30)
    server.server_close()
    app.config["FEEDBACK"] = settings


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """Return Debian's Chromium. Skipped where there is none, unless FEEDBACK_REQUIRE_BROWSER=1."""
    path = os.environ.get("FEEDBACK_TEST_CHROMIUM") or shutil.which("chromium") or CHROMIUM
    if not os.path.exists(path) and os.environ.get("FEEDBACK_REQUIRE_BROWSER") != "1":
        pytest.skip("no Chromium here: journeys in a browser are skipped")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Root in a container has no user namespace to build the sandbox from.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
