"""The QR code: what a reader reads, and how dense it is."""

import re

import pytest
import zxingcpp

from feedback.events import codes, tokens

from ..codes import read_png

KEYS = {"A": b"a" * 32}
TOKEN = tokens.token_of(KEYS, "A", 2**59 + 1)
HOSTS = (
    "https://pj.licheng.gov.cn", "https://pingjia.jinan.gov.cn", "https://haochaping.licheng.gov.cn",
    "http://127.0.0.1:8000", "http://localhost",
)  # fmt: skip


def drawn(svg: str, unit: int = 6) -> list[bytes]:
    """Draw the SVG's own bars, so that what is read is the path and not the matrix behind it."""
    found = re.search(r'viewBox="0 0 (\d+) ', svg)
    assert found
    side = int(found[1])
    canvas = [bytearray(b"\xff" * side * unit) for _ in range(side * unit)]
    bars = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", svg)
    assert bars
    for x, y, width, back in (map(int, bar) for bar in bars):
        assert width == back
        for row in canvas[y * unit : (y + 1) * unit]:
            row[x * unit : (x + width) * unit] = bytes(width * unit)
    return [bytes(row) for row in canvas]


def read(rows: list[bytes]) -> zxingcpp.Barcode:
    picture = memoryview(b"".join(rows)).cast("B", (len(rows), len(rows[0])))
    (barcode,) = zxingcpp.read_barcodes(picture)
    return barcode


@pytest.mark.parametrize("host", HOSTS)
def test_a_reader_reads_the_address_back_from_both_pictures(host):
    address = codes.scan_address(TOKEN, host)
    assert address == f"{host.upper()}/R/{TOKEN}"
    assert read_png(codes.png(address)) == address
    assert read(drawn(codes.svg(address))).text == address


@pytest.mark.parametrize("host", HOSTS)
def test_the_code_is_small_alphanumeric_and_of_correction_m(host):
    code = codes.code(codes.scan_address(TOKEN, host))
    assert (code.version in (3, 4), code.error, code.mode) == (True, "M", "alphanumeric")


def test_a_reader_finds_a_qr_code_of_correction_m():
    barcode = read(drawn(codes.svg(codes.scan_address(TOKEN, HOSTS[0]))))
    assert barcode.format == zxingcpp.BarcodeFormat.QRCode
    assert barcode.ec_level == "M"


def test_small_letters_would_make_the_code_larger():
    address = codes.scan_address(TOKEN, HOSTS[1])
    assert codes.code(address.lower()).version > codes.code(address).version


def test_a_service_under_a_path_keeps_its_path_as_it_is():
    address = codes.scan_address(TOKEN, "https://licheng.gov.cn/haochaping")
    assert address == f"HTTPS://LICHENG.GOV.CN/haochaping/R/{TOKEN}"


def test_the_quiet_zone_is_four_modules_wide_and_no_wider():
    rows = drawn(codes.svg(codes.scan_address(TOKEN, HOSTS[0])), unit=1)
    white = b"\xff" * len(rows)
    assert rows[:4] == [white] * 4 == rows[-4:]
    assert {row[:4] for row in rows} == {row[-4:] for row in rows} == {b"\xff" * 4}
    assert rows[4][4] == 0


def test_a_scratched_code_is_still_read():
    """Correction M mends up to 15 % of the words; a scratch of two modules must not matter."""
    rows = drawn(codes.svg(codes.scan_address(TOKEN, HOSTS[0])))
    middle = len(rows) // 2
    scratched = rows[: middle - 6] + [b"\xff" * len(rows)] * 6 + rows[middle:]
    assert read(scratched).text == codes.scan_address(TOKEN, HOSTS[0])
