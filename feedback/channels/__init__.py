"""The doors: all that leads to the hallway, the rooms' own pages, and the commands."""

from flask import Flask


def open_doors(app: Flask) -> None:
    """Register every page, door and command."""
    _ = app
