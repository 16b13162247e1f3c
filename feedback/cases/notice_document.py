"""A supervision notice (督办单) as a Word document: one A4 page, in fonts that Chinese Windows has.

Margins are those of official papers (GB/T 9704-2012: 37, 28, 35 and 26 mm).
"""

from io import BytesIO

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell, _Row
from lxml import etree

from ..text import CONTROL
from .notice_words import Line, Paper

BODY, HEADINGS = "仿宋", "宋体"
"""On every Chinese Windows. Elsewhere the office program takes what stands in their place."""

IN_PLACE_OF = {
    BODY: "FangSong,STFangsong,Noto Serif CJK SC",
    HEADINGS: "SimSun,STSong,Noto Serif CJK SC",
}
GB2312 = "86"
BODY_SIZE = Pt(12)
LINE_HEIGHT = 1.45
LABEL_WIDTH, WORDS_WIDTH = Mm(34), Mm(122)
FONT_KINDS = ("ascii", "hAnsi", "eastAsia", "cs")
THEMES = ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme")


def document(paper: Paper, language: str) -> bytes:
    """Return the notice as DOCX. `language` is what the text is in, for the spelling check."""
    made = Document()
    _lay_out(made, language)
    _name(made, paper)
    _top(made, paper)
    _table(made, paper.lines)
    _signature(made, paper)
    kept = BytesIO()
    made.save(kept)
    return kept.getvalue()


def _lay_out(made: DocumentType, language: str) -> None:
    page = made.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin = Mm(37), Mm(35)
    page.left_margin, page.right_margin = Mm(28), Mm(26)
    _set_font(made.styles["Normal"], BODY, BODY_SIZE, language)
    _set_font(made.styles["Title"], HEADINGS, Pt(26), language, bold=True)
    _set_font(made.styles["Subtitle"], HEADINGS, Pt(14), language)
    _drop_rule(made.styles["Title"])
    _tell_fallbacks(made)


def _set_font(
    style: ParagraphStyle, name: str, size: Pt, language: str, bold: bool = False
) -> None:
    """Set a style's font for Latin and Chinese alike; the template's theme would win otherwise."""
    style.font.name, style.font.size = name, size
    style.font.bold, style.font.italic = bold, False
    style.font.color.rgb = RGBColor(0, 0, 0)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(0)
    # Fixed, so that a font with taller lines does not push the notice onto a second page.
    style.paragraph_format.line_spacing = Pt(round(size.pt * LINE_HEIGHT))
    properties = style.element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    for kind in FONT_KINDS:
        fonts.set(qn(f"w:{kind}"), name)
    for theme in THEMES:
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    _set_language(properties, language)


def _set_language(properties: object, language: str) -> None:
    for old in properties.findall(qn("w:lang")):  # type: ignore[attr-defined]
        properties.remove(old)  # type: ignore[attr-defined]
    spoken = OxmlElement("w:lang")
    spoken.set(qn("w:val"), language)
    spoken.set(qn("w:eastAsia"), language)
    properties.append(spoken)  # type: ignore[attr-defined]


def _drop_rule(style: ParagraphStyle) -> None:
    """Take the blue line away that the template draws under a title."""
    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def _tell_fallbacks(made: DocumentType) -> None:
    """Name, in the table of fonts, what stands in for a font that a computer does not have."""
    table = made.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    fonts = parse_xml(table.blob)
    for name, others in IN_PLACE_OF.items():
        font = OxmlElement("w:font", {qn("w:name"): name})
        for tag, value in (("altName", others), ("charset", GB2312), ("family", "roman")):
            font.append(OxmlElement(f"w:{tag}", {qn("w:val"): value}))
        fonts.append(font)
    table._blob = etree.tostring(fonts, xml_declaration=True, encoding="UTF-8", standalone=True)


def _name(made: DocumentType, paper: Paper) -> None:
    named = made.core_properties
    named.title, named.subject = f"{paper.title} {paper.number}", paper.heading
    named.author = paper.issuer
    named.comments = ""


def _top(made: DocumentType, paper: Paper) -> None:
    _line(made, paper.heading, "Subtitle", WD_ALIGN_PARAGRAPH.CENTER)
    _line(made, paper.title, "Title", WD_ALIGN_PARAGRAPH.CENTER)
    _line(made, paper.number, "Normal", WD_ALIGN_PARAGRAPH.RIGHT)
    _line(made, paper.to, "Normal")
    opening = _line(made, paper.opening, "Normal")
    opening.paragraph_format.first_line_indent = BODY_SIZE * 2
    opening.paragraph_format.space_after = Pt(6)


def _line(made, words, style, aligned=WD_ALIGN_PARAGRAPH.LEFT):  # type: ignore[no-untyped-def]
    added = made.add_paragraph(plain(words), style=style)
    added.alignment = aligned
    return added


def plain(words: str) -> str:
    """Return the words without what no XML document can hold."""
    return CONTROL.sub("", words).replace("\ufffe", "").replace("\uffff", "")


def _table(made: DocumentType, lines: tuple[Line, ...]) -> None:
    table = made.add_table(rows=0, cols=2, style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, (LABEL_WIDTH, WORDS_WIDTH), strict=True):
        column.width = width
    for line in lines:
        _fill(table.add_row(), line)


def _fill(row: _Row, line: Line) -> None:
    whole = OxmlElement("w:cantSplit")
    row._tr.get_or_add_trPr().append(whole)
    label, words = row.cells
    label.width, words.width = LABEL_WIDTH, WORDS_WIDTH
    _write(label, line.name, bold=True)
    _write(words, line.words)


def _write(cell: _Cell, words: str, bold: bool = False) -> None:
    line = cell.paragraphs[0]
    line.add_run(plain(words)).bold = bold
    line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(3)


def _signature(made: DocumentType, paper: Paper) -> None:
    signed = (paper.issuer, paper.day, paper.contact)
    for number, words in enumerate(signed):
        added = _line(made, words, "Normal", WD_ALIGN_PARAGRAPH.RIGHT)
        added.paragraph_format.space_before = Pt(0 if number else 18)
        added.paragraph_format.keep_with_next = words is not paper.contact
