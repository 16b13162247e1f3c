"""What counts as evidence, and how it is kept."""

import os
import stat
import struct
import zlib

import pytest

from feedback.cases import evidence
from feedback.cases.evidence import Upload, check, keep, path_of
from feedback.errors import Invalid


def _chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\0\0"))
    + _chunk(b"IEND")
)
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\1" * 40 + b"\xff\xd9"
WEBP = b"RIFF" + struct.pack("<I", 4 + 8 + 10) + b"WEBPVP8L" + struct.pack("<I", 10) + b"\x2f" * 10
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def apart(context, tmp_path):
    """Give the app a var folder of its own, with no evidence folder in it yet."""
    before = context.config["FEEDBACK"]
    context.config["FEEDBACK"] = before.model_copy(update={"var": tmp_path})
    yield tmp_path
    context.config["FEEDBACK"] = before


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"), (PNG + b"\0" * 100, "image/png"),
        (JPEG, "image/jpeg"), (JPEG + b"\0" * 5000, "image/jpeg"),
        (JPEG + b"SEFT", "image/jpeg"),
        (WEBP, "image/webp"), (WEBP + b"\0", "image/webp"),
        (PDF, "application/pdf"), (b"\xef\xbb\xbf\n" + PDF, "application/pdf"),
        (PDF + b"\n" * 1000, "application/pdf"),
    ],
)  # fmt: skip
def test_a_whole_picture_or_document_is_taken(apart, content, kind):
    assert check("any.name", content).media_type == kind


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + b"\0" * 64, PNG[:-12], PNG[:20], PNG + b"x" * 5000,
        b"\x89PNG\r\n\x1a\n<?php" + PNG[8:],
        b"\xff\xd8\xff", JPEG[:-2],
        b"RIFF\0\0\0\0WEBP", WEBP[:-1], WEBP + b"<script>", WEBP.replace(b"WEBPVP8L", b"WAVEfmt "),
        b"%PDF-1.7", PDF.replace(b"%%EOF", b""), b" " * 1025 + PDF, PDF + b"\n" * 3000,
        b"<html>%%EOF", b"GIF89a", b"PK\3\4",
    ],
)  # fmt: skip
def test_what_only_begins_like_one_is_refused_by_name(apart, content):
    with pytest.raises(Invalid) as refused:
        check("folder/half.png", content)
    fault = refused.value.errors[0]
    assert (fault.code, fault.facts["name"]) == ("file_type", "half.png")


@pytest.mark.parametrize(
    ("limit", "words"),
    [(1_000, "1 KB"), (999_999, "999 KB"), (1_000_000, "1 MB"), (1_550_000, "1.5 MB"),
     (10_000_000, "10 MB"), (123_000_000, "123 MB")],
)  # fmt: skip
def test_a_limit_is_said_in_a_unit_that_is_not_nothing(apart, context, limit, words):
    changed = context.config["FEEDBACK"].model_copy(update={"evidence_max_bytes": limit})
    context.config["FEEDBACK"] = changed
    assert evidence.limit_words() == words


def test_a_file_is_there_for_good_with_every_folder_that_leads_to_it(apart, monkeypatch):
    steps, fsync = [], os.fsync

    def note(handle):
        found = os.fstat(handle)
        steps.append((found.st_ino, stat.S_ISDIR(found.st_mode)))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", note)
    upload = Upload("x.pdf", PDF, "application/pdf")
    keep(upload)
    path = path_of(upload.sha256)
    assert path.read_bytes() == PDF
    folders = [place.stat().st_ino for place in (apart, apart / "evidence", path.parent)]
    assert steps == [
        (folders[0], True), (folders[1], True), (path.stat().st_ino, False), (folders[2], True),
    ]  # fmt: skip
    keep(upload)
    assert [p.name for p in path.parent.iterdir()] == [upload.sha256]


def test_a_full_disk_leaves_no_half_file(apart, monkeypatch):
    upload = Upload("x.pdf", PDF, "application/pdf")
    keep(upload)
    path = path_of(upload.sha256)
    path.unlink()

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keep(upload)
    assert list(path.parent.iterdir()) == []
