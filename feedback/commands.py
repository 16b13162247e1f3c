"""`flask settings`: every setting, for the person who runs the service and for the manual."""

from collections.abc import Iterator

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from .config import Settings


@click.command("settings")
@click.option("--markdown", is_flag=True, help="As a table for the manual.")
def settings_command(markdown: bool) -> None:
    """List every setting with its default and meaning. Values in force and keys are never shown."""
    if markdown:
        click.echo("| Setting | Default | Meaning |\n| --- | --- | --- |")
    for name, default, meaning in rows():
        if markdown:
            click.echo(f"| `{name}` | {f'`{default}`' if default else ''} | {meaning} |")
        else:
            click.echo(f"{name} [{default}]\n    {meaning}")


def rows() -> Iterator[tuple[str, str, str]]:
    """Return name, default in words and meaning of every setting."""
    prefix = Settings.model_config["env_prefix"]
    for name, field in Settings.model_fields.items():
        yield f"{prefix}{name.upper()}", default_of(field), field.description or ""


def default_of(field: FieldInfo) -> str:
    """Return a default as it is written in the environment; `required` where there is none."""
    if field.is_required():
        return "required"
    return "" if isinstance(field.default, SecretStr) else f"{field.default}"
