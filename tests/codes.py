"""Reading our QR codes back, as a phone's camera would."""

import io

import zxingcpp
from PIL import Image


def read_png(png: bytes) -> str:
    """Return the text of the one QR code in a PNG picture. Fails if there is not exactly one."""
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))
    assert len(found) == 1, found
    return str(found[0].text)
