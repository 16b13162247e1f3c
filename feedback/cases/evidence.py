"""Evidence files: pictures and PDF, judged by their content, kept by digest outside the web root."""

import hashlib
import os
import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from ..config import settings
from ..errors import FieldError, Invalid, Unknown
from .models import Evidence

log = structlog.get_logger(__name__)

FILE_LIMIT = 5
NAME_LIMIT = 120
PNG_END = b"IEND\xaeB`\x82"


@dataclass(frozen=True)
class Upload:
    """A file that passed the check."""

    name: str
    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """The digest under which it is kept."""
        return hashlib.sha256(self.content).hexdigest()


def check(name: str, content: bytes) -> Upload:
    """Return the file as evidence. Raises Invalid: empty, too large, or none of our kinds."""
    called = plain_name(name)
    if not content:
        raise Invalid([FieldError("files", "file_empty", {"name": called})])
    if len(content) > settings().evidence_max_bytes:
        facts = {"name": called, "limit": limit_words()}
        raise Invalid([FieldError("files", "file_too_large", facts)])
    media_type = _kind(content)
    if media_type is None:
        raise Invalid([FieldError("files", "file_type", {"name": called})])
    return Upload(called, content, media_type)


def limit_words() -> str:
    """Return how large a file may be, as people say it and never more than it is."""
    limit = settings().evidence_max_bytes
    return f"{limit // 100_000 / 10:g} MB" if limit >= 1_000_000 else f"{limit // 1_000} KB"


def _kind(content: bytes) -> str | None:
    return next((kind for kind, is_one in KINDS.items() if is_one(content)), None)


def _is_jpeg(content: bytes) -> bool:
    # Not at the very end: telephones put a trailer of their own behind the picture.
    return content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content


def _is_png(content: bytes) -> bool:
    begins = content.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    return begins and PNG_END in content[-1024:]


def _is_webp(content: bytes) -> bool:
    begins = content[:4] == b"RIFF" and content[8:15] == b"WEBPVP8"
    said = int.from_bytes(content[4:8], "little") + 8
    return begins and said <= len(content) and not content[said:].strip(b"\0")


def _is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:1024] and b"%%EOF" in content[-2048:]


KINDS: Mapping[str, Callable[[bytes], bool]] = {
    "image/jpeg": _is_jpeg,
    "image/png": _is_png,
    "image/webp": _is_webp,
    "application/pdf": _is_pdf,
}
"""How a kind is known: by how the content begins and ends, whatever the file is called."""


def plain_name(name: str) -> str:
    """Return the name without folders, control characters or excess; it is shown, never opened."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    kept = unicodedata.normalize("NFC", kept).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > NAME_LIMIT and dot and len(ending) <= 8:
        return f"{stem[: NAME_LIMIT - len(ending) - 1]}.{ending}"
    return kept[:NAME_LIMIT] or "evidence"


def folder() -> Path:
    """Return where evidence lies: under `var`, never under anything the web serves."""
    return settings().var / "evidence"


def path_of(sha256: str) -> Path:
    """Return where the file with this digest lies."""
    return folder() / sha256[:2] / sha256


def keep(upload: Upload) -> None:
    """Write the file durably under its digest. Writing the same content again changes nothing.

    Called before the transaction is opened: a file without a row is harmless, a row without a file
    is not, and nobody should wait for the disk under SQLite's one write lock.
    """
    path = path_of(upload.sha256)
    _make(path.parent)
    if not path.exists():
        _write(path, upload.content)
    _sync(path.parent)


def _make(wanted: Path) -> None:
    """Make a folder and those above it; a new folder is there for good once its parent is synced."""
    if wanted.is_dir():
        return
    _make(wanted.parent)
    wanted.mkdir(exist_ok=True)
    _sync(wanted.parent)


def _write(path: Path, content: bytes) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise


def _sync(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(evidence: Evidence) -> bytes:
    """Return the bytes of a piece of evidence. Raises Unknown, and logs it, if they are gone."""
    try:
        return path_of(evidence.sha256).read_bytes()
    except FileNotFoundError:
        log.error("evidence_gone", evidence=str(evidence.id), sha256=evidence.sha256)
        raise Unknown from None
