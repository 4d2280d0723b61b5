"""Word: tables with rules above and below; each number is a content control whose tag is its id.

The parts of the file are written as they are: a document of tables needs five, and a library would add times to them.
"""

import io
import zipfile
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from omtrace.report.exports import Cell, Document, Format, Piece, Sheet
from omtrace.store import zipped

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MIME = "application/vnd.openxmlformats-officedocument.wordprocessingml"
TAG = "omtrace:"
WIDTH = 14_400  # of a table, in twips
KEPT = ("<w:pPr>", "<w:pPr><w:keepNext/>")  # the heading of a block stays with its first line
TYPES = (
    f'{XML}<Types xmlns="{PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{MIME}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{MIME}.styles+xml"/>'
    f"</Types>"
)
RELATIONS = (
    f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>'
)
OF_DOCUMENT = (
    f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>'
)
FONT = '<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:cs="Arial"/>'
STYLES = (
    f'{XML}<w:styles xmlns:w="{W}"><w:docDefaults><w:rPrDefault><w:rPr>{FONT}<w:sz w:val="17"/>'
    '</w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:before="0" w:after="0"/></w:pPr></w:pPrDefault>'
    '</w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/>'
    '<w:pPr><w:outlineLvl w:val="0"/><w:spacing w:after="120"/></w:pPr>'
    '<w:rPr><w:b/><w:sz w:val="28"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Caption"><w:name w:val="caption"/><w:basedOn w:val="Normal"/>'
    '<w:pPr><w:keepNext/><w:outlineLvl w:val="1"/><w:spacing w:before="320" w:after="80"/></w:pPr>'
    '<w:rPr><w:b/><w:sz w:val="19"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="TableNote"><w:name w:val="Table note"/><w:basedOn w:val="Normal"/>'
    '<w:pPr><w:spacing w:before="40"/></w:pPr><w:rPr><w:sz w:val="15"/></w:rPr></w:style></w:styles>'
)
PAGE = (
    '<w:sectPr><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>'
    '<w:pgMar w:top="1134" w:right="1219" w:bottom="1134" w:left="1219" w:header="567" w:footer="567" w:gutter="0"/>'
    "</w:sectPr>"
)


def write(document: Document) -> bytes:
    """The bytes of the file."""
    body = [_paragraph(_run(document.title), "Heading1"), _paragraph(_run(document.statement))]
    controls = _Controls()
    for sheet in document.sheets:
        body += [_paragraph(_run(sheet.heading), "Caption"), _table(sheet, controls)]
        body += [_paragraph(_run(note), "TableNote") for note in sheet.notes]
    text = f'{XML}<w:document xmlns:w="{W}"><w:body>{"".join(body)}{PAGE}</w:body></w:document>'
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": RELATIONS,
        "word/_rels/document.xml.rels": OF_DOCUMENT,
        "word/document.xml": text,
        "word/styles.xml": STYLES,
    }
    return zipped({name: part.encode() for name, part in parts.items()})


class _Controls:
    """Numbers the content controls of a document."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, piece: Piece) -> str:
        """A part of a cell as runs."""
        if not piece.id:
            return _run(piece.text)
        self.count += 1
        mark = f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr>{_text(piece.mark)}</w:r>' if piece.mark else ""
        return (
            f'<w:sdt><w:sdtPr><w:tag w:val="{TAG}{piece.id}"/><w:id w:val="{self.count}"/></w:sdtPr>'
            f"<w:sdtContent>{_run(piece.text)}</w:sdtContent></w:sdt>{mark}"
        )


def _table(sheet: Sheet, controls: _Controls) -> str:
    widths = [WIDTH * share // sum(sheet.shares) for share in sheet.shares]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    header = [_run(text, "<w:b/>") for text in (*sheet.heads, *sheet.columns)]
    rows = [_row(header, widths, len(sheet.heads), "<w:tblHeader/>")]
    for line in sheet.lines:
        if line.cells:
            cells = [*map(_run, line.heads), *(_pieces(cell, controls) for cell in line.cells)]
            rows.append(_row(cells, widths, len(sheet.heads)))
        else:
            rows.append(_row([_run(line.heads[0], "<w:b/>")], [sum(widths)], 1, span=len(widths)).replace(*KEPT))
    edges = "".join(f'<w:{edge} w:val="single" w:sz="8" w:space="0" w:color="auto"/>' for edge in ("top", "bottom"))
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{WIDTH}" w:type="dxa"/><w:tblBorders>{edges}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(rows)}</w:tbl>'
    )


def _pieces(cell: Cell, controls: _Controls) -> str:
    return "".join(controls.of(piece) for piece in cell)


def _row(cells: list[str], widths: list[int], heads: int, header: str = "", span: int = 1) -> str:
    line = '<w:tcBorders><w:bottom w:val="single" w:sz="4" w:space="0" w:color="auto"/></w:tcBorders>' if header else ""
    spanned = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    content = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{spanned}{line}</w:tcPr>'
        f"{_paragraph(cell, side='left' if at < heads else 'right')}</w:tc>"
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{header}</w:trPr>{content}</w:tr>"


def _paragraph(runs: str, style: str = "", side: str = "") -> str:
    properties = f"<w:pStyle w:val={quoteattr(style)}/>" if style else ""
    properties += f'<w:jc w:val="{side}"/>' if side else ""
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"


def _run(text: str, style: str = "") -> str:
    return f"<w:r>{f'<w:rPr>{style}</w:rPr>' if style else ''}{_text(text)}</w:r>"


def _text(text: str) -> str:
    return f'<w:t xml:space="preserve">{escape(text)}</w:t>'


def read(content: bytes) -> list[tuple[str, str]]:
    """Id and text of each number."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        tree = ElementTree.fromstring(archive.read("word/document.xml"))
    numbers = []
    for control in tree.iter(f"{{{W}}}sdt"):
        tag = control.find(f"{{{W}}}sdtPr/{{{W}}}tag")
        assert tag is not None
        text = "".join(node.text or "" for node in control.iter(f"{{{W}}}t"))
        numbers.append((str(tag.get(f"{{{W}}}val")).removeprefix(TAG), text))
    return numbers


FORMAT = Format("docx", write, read, "Word")
