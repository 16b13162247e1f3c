"""Reading our QR codes back, as a phone's camera would, without a picture library."""

import struct
import zlib

import zxingcpp

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # samples a pixel, by PNG's colour types


def read_png(png: bytes) -> str:
    """Return the text of the one QR code in a PNG picture. Fails if there is not exactly one."""
    found = zxingcpp.read_barcodes(_grey(png))
    assert len(found) == 1, found
    return str(found[0].text)


def _chunks(png: bytes) -> dict[bytes, bytes]:
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind = png[at + 4 : at + 8]
        chunks[kind] = chunks.get(kind, b"") + png[at + 8 : at + 8 + length]
        at += 12 + length
    return chunks


def _grey(png: bytes) -> memoryview:
    """Return the picture as rows of grey bytes. Knows eight-bit and one-bit pictures."""
    chunks = _chunks(png)
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    samples = CHANNELS[colour]
    stride = (width * samples * depth + 7) // 8
    rows = _unfiltered(
        zlib.decompress(chunks[b"IDAT"]), height, stride, max(samples * depth // 8, 1)
    )
    if depth == 8:
        grey = b"".join(row[:: samples or 1] for row in rows)
    else:
        bits = ("".join(f"{byte:08b}" for byte in row)[:width] for row in rows)
        shades = _shades(chunks)
        grey = b"".join(bytes(shades[int(bit)] for bit in row) for row in bits)
    return memoryview(grey).cast("B", (height, width))


def _shades(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    palette = chunks.get(b"PLTE")
    return (palette[0], palette[3]) if palette else (0, 255)


def _unfiltered(raw: bytes, height: int, stride: int, step: int) -> list[bytes]:
    """Undo PNG's line filters (PNG specification, 9.2)."""
    rows: list[bytes] = []
    above = bytes(stride)
    for y in range(height):
        start = y * (stride + 1)
        row = bytearray(raw[start + 1 : start + 1 + stride])
        for x in range(stride):
            left = row[x - step] if x >= step else 0
            corner = above[x - step] if x >= step else 0
            row[x] = row[x] + _predicted(raw[start], left, above[x], corner) & 255
        above = bytes(row)
        rows.append(above)
    return rows


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda value: abs(guess - value))
    return (0, left, up, (left + up) // 2)[kind]
