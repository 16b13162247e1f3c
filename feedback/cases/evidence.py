"""Evidence files: pictures and PDF, judged by their content, kept by digest outside the web root."""

import hashlib
import os
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ..config import settings
from ..errors import FieldError, Invalid
from .models import Evidence

FILE_LIMIT = 5
NAME_LIMIT = 120

KINDS = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "application/pdf": (b"%PDF-",),
}
"""The first bytes by which a kind is known, whatever the file is called. WebP is told apart below."""


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
    limit = settings().evidence_max_bytes
    if not content:
        raise Invalid([FieldError("files", "file_empty")])
    if len(content) > limit:
        raise Invalid([FieldError("files", "file_too_large", {"megabytes": limit // 1_000_000})])
    media_type = _kind(content)
    if media_type is None:
        raise Invalid([FieldError("files", "file_type")])
    return Upload(plain_name(name), content, media_type)


def _kind(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    for media_type, beginnings in KINDS.items():
        if content.startswith(beginnings):
            return media_type
    return None


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

    Called before the commit: a file without a row is harmless, a row without a file is not.
    """
    path = path_of(upload.sha256)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(upload.content)
        file.flush()
        os.fsync(file.fileno())
    Path(draft).replace(path)


def read(evidence: Evidence) -> bytes:
    """Return the bytes of a piece of evidence."""
    return path_of(evidence.sha256).read_bytes()
