"""The printed forms in a real browser: every code is read back from the rendered picture."""

import base64
import re
from datetime import timedelta

import pytest
import zxingcpp

from feedback.catalog.grades import PromiseUnit, ServiceKind
from feedback.catalog.models import Item
from feedback.clock import now as this_moment
from feedback.config import settings
from feedback.db import db, transaction
from feedback.events import codes
from feedback.offices.models import Window
from feedback.offices.roles import Role

from ..factories import PASSWORD, make_account, make_district, make_event

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG_ITEM = "建设项目环境影响评价文件审批（含入河排污口设置、延期、变更、重新审核）全流程联办"
LONG_WINDOW = "政务服务中心二层工程建设项目审批综合受理专区第十二号窗口"
MM = 96 / 25.4
A4, SLIP_WIDTH = (210, 297), 80

GREY = """async (png) => {
  const picture = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const pen = canvas.getContext('2d');
  pen.drawImage(picture, 0, 0);
  const rgba = pen.getImageData(0, 0, picture.width, picture.height).data;
  let grey = '', colours = 0;
  for (let at = 0; at < rgba.length; at += 4) {
    grey += String.fromCharCode(rgba[at + 1]);
    colours += rgba[at] !== rgba[at + 1] || rgba[at + 1] !== rgba[at + 2];
  }
  return [picture.width, picture.height, btoa(grey), colours];
}"""


@pytest.fixture
def printer(app, live_server, chromium):
    """A clerk's browser that shows pages as paper would."""
    with app.app_context():
        make_district()
        clerk = make_account(Role.CLERK)
        with transaction() as session:
            session.add(Window(code="RS-LONG", name=LONG_WINDOW, department_code="RS"))
            session.add(
                Item(
                    code="RS-LONG", name=LONG_ITEM, department_code="RS",
                    kind=ServiceKind.APPLICATION, promised_unit=PromiseUnit.WORKDAY,
                )
            )  # fmt: skip
        email = db.session.merge(clerk).email
    context = chromium.new_context(base_url=live_server, device_scale_factor=2)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/desk**")
    page.emulate_media(media="print")
    yield page
    context.close()


def served(app, number, **changes):
    """Record services of today and return their ids and the addresses that their codes hold."""
    with app.app_context():
        events = []
        for _ in range(number):
            event = make_event(this_moment() - timedelta(hours=1), **changes)
            events.append((event.id, codes.scan_address(codes.token(event), settings().base_url)))
        return events


def grey(printer, clip=None):
    """Return the page as it is printed, in grey, and how many points of it have a colour."""
    png = printer.screenshot(full_page=True, clip=clip)
    blank = printer.context.new_page()
    try:
        width, height, shades, colours = blank.evaluate(GREY, base64.b64encode(png).decode())
    finally:
        blank.close()
    return memoryview(base64.b64decode(shades)).cast("B", (height, width)), colours


def scanned(printer):
    picture, _ = grey(printer)
    return sorted(barcode.text for barcode in zxingcpp.read_barcodes(picture))


def pages(pdf):
    """Return the size of every page of a PDF in millimetres."""
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return [(round(float(w) / 72 * 25.4), round(float(h) / 72 * 25.4)) for w, h in boxes]


def box(printer, selector):
    """Return an element's size in millimetres."""
    found = printer.locator(selector).first.bounding_box()
    return found["width"] / MM, found["height"] / MM


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("long", [False, True])
def test_the_slip_is_read_back_and_fits_its_paper(app, printer, language, long):
    changes = {"item_code": "RS-LONG", "window": "RS-LONG", "project_no": "3" * 50} if long else {}
    ((event_id, address),) = served(app, 1, **changes)
    printer.set_viewport_size({"width": round(80 * MM), "height": 600})
    printer.goto(f"/desk/events/{event_id}/slip?lang={language}")
    assert scanned(printer) == [address]
    (size,) = pages(printer.pdf(prefer_css_page_size=True))
    assert size[0] == SLIP_WIDTH
    content_width, content_height = box(printer, ".slip")
    assert content_width <= 72.1
    assert content_height <= size[1] <= content_height + 30
    symbol = box(printer, ".qr svg")[0] * 33 / 41  # at least version 3 or 4 in its quiet zone
    assert symbol >= 30
    widths = printer.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths[0] <= widths[1]


def test_the_slip_is_black_on_white_and_nothing_else(app, printer):
    ((event_id, _),) = served(app, 1)
    printer.goto(f"/desk/events/{event_id}/slip")
    assert grey(printer)[1] == 0
    inks = printer.evaluate(
        "[...new Set([...document.querySelectorAll('.slip, .slip *')]"
        ".flatMap(e => { const s = getComputedStyle(e);"
        " return [s.color, s.borderTopColor, s.opacity]; }))]"
    )
    assert set(inks) == {"rgb(0, 0, 0)", "1"}


@pytest.mark.parametrize(("number", "sheets"), [(1, 1), (8, 1), (60, 8)])
def test_every_code_of_a_sheet_is_read_back_and_none_is_split(app, printer, number, sheets):
    events = served(app, number, item_code="RS-LONG", window="RS-LONG")
    printer.set_viewport_size({"width": round(210 * MM), "height": 1200})
    printer.goto("/desk/events/sheet?" + "&".join(f"event={one}" for one, _ in events))
    found = []
    for sheet in printer.locator(".sheet").all():
        picture, colours = grey(printer, sheet.bounding_box())
        assert colours == 0
        found += [barcode.text for barcode in zxingcpp.read_barcodes(picture)]
    assert sorted(found) == sorted(address for _, address in events)
    assert pages(printer.pdf(prefer_css_page_size=True)) == [A4] * sheets


def test_nothing_on_a_sheet_is_cut_off(app, printer):
    events = served(app, 8, item_code="RS-LONG", window="RS-LONG")
    for language in ("zh_CN", "en"):
        query = "&".join(f"event={one}" for one, _ in events)
        printer.goto(f"/desk/events/sheet?{query}&lang={language}")
        hidden = printer.evaluate(
            "[...document.querySelectorAll('.code, .code h2, .code .sides, .code dl')].filter("
            "e => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1)"
            ".map(e => e.className + e.tagName)"
        )
        assert hidden == [], language
