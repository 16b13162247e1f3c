"""The 好差评 service: what a district needs to hear how people were served, and to put it right."""

from flask import Flask
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from . import channels, models
from .channels.refusals import forms_only
from .config import ROOT, Settings, load_settings
from .db import db, engine_options, open_database
from .language import open_languages
from .limits import allow_body, open_limits
from .notify import senders
from .offices.sign_in import open_accounts
from .scheduler.commands import commands as scheduler_commands

__all__ = ["create_app", "models"]


def create_app(settings: Settings | None = None) -> Flask:
    """Configure the app and open its doors.

    Raises ValueError for bad settings: mostly pydantic's ValidationError, which is one.
    """
    app = Flask(__name__, template_folder=ROOT / "templates", static_folder=ROOT / "static")
    settings = settings or load_settings()
    senders.check(settings)
    configure(app, settings)
    open_database(app)
    open_accounts(app)
    app.before_request(allow_body)
    app.before_request(forms_only)
    CSRFProtect(app)
    open_languages(app)
    open_limits(app)
    Migrate(app, db, directory=str(ROOT / "migrations"))
    channels.open_doors(app)
    app.cli.add_command(scheduler_commands)
    return app


def configure(app: Flask, settings: Settings) -> None:
    """Put the settings where Flask and its extensions look for them."""
    settings.var.mkdir(parents=True, exist_ok=True)
    app.config.update(
        FEEDBACK=settings,
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SQLALCHEMY_DATABASE_URI=settings.database,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database),
        MAX_CONTENT_LENGTH=SMALL_BODY,
        MAX_FORM_MEMORY_SIZE=SMALL_BODY,
        MAX_FORM_PARTS=200,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies
        )


SMALL_BODY = 64 * 1024
"""Enough for any form of words; doors that take files or batches allow themselves more."""
