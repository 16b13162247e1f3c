"""The addresses that a service's token becomes, and the picture a phone reads."""

import io
from functools import lru_cache

import segno

from ..config import settings
from ..errors import Expired
from . import tokens
from .models import ServiceEvent

MASK = 3
"""Any reader reads every mask; choosing the prettiest of eight costs most of the time."""

QUIET_ZONE = 4  # modules, ISO/IEC 18004
SVG_UNIT = 8


def can_be_made(event: ServiceEvent) -> bool:
    """Say whether the key of the event's token is still kept; a dropped one ended all its codes."""
    return event.token_key_id in settings().token_keys


def token(event: ServiceEvent) -> str:
    """Return the event's one-time token, derived anew from its key. Raises Expired if that is gone."""
    if not can_be_made(event):
        raise Expired(expired_at=event.expires_at)
    return tokens.token_of(settings().token_keys, event.token_key_id, event.serial)


def link(event: ServiceEvent) -> str:
    """Return the address a person opens."""
    return f"{settings().base_url}/r/{token(event)}"


def scan_address(of_token: str, base_url: str) -> str:
    """Return the address as the QR code holds it: in capitals, for the dense alphanumeric mode."""
    scheme, _, rest = base_url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.upper()}://{host.upper()}{slash}{path}/R/{of_token}"


def code(address: str) -> segno.QRCode:
    """Return the QR code of an address: error correction M, one fixed mask."""
    return segno.make_qr(address, error="m", mask=MASK, boost_error=False)


@lru_cache(maxsize=256)
def svg(address: str) -> str:
    """Return the QR code as an SVG picture whose size the page decides."""
    matrix = code(address).matrix
    side = len(matrix) + 2 * QUIET_ZONE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side * SVG_UNIT}"'
        f' height="{side * SVG_UNIT}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{_dark_runs(matrix)}"/></svg>'
    )


def _dark_runs(matrix: tuple[bytearray, ...]) -> str:
    """Return a path that draws each row's runs of dark modules as one-module-high bars."""
    path = []
    for y, row in enumerate(matrix, QUIET_ZONE):
        x = 0
        for part in (
            bytes(row)
            .replace(b"\x00\x01", b"\x00|\x01")
            .replace(b"\x01\x00", b"\x01|\x00")
            .split(b"|")
        ):
            if part[0]:
                path.append(f"M{x + QUIET_ZONE} {y}h{len(part)}v1h-{len(part)}z")
            x += len(part)
    return "".join(path)


def png(address: str, scale: int = 10) -> bytes:
    """Return the QR code as a PNG picture with `scale` pixels a module."""
    out = io.BytesIO()
    code(address).save(out, kind="png", scale=scale, border=QUIET_ZONE)
    return out.getvalue()
