"""What a file is, by its first bytes: for a file that a reader refuses, the reader that fits it, or what to do."""

import re

from omtrace.faults import Fault
from omtrace.readers._unpacking import unpacked

START = 65_536  # bytes that are looked at
# Pattern of the first bytes, what it is, and the readers that read it ("": none does).
WORKBOOKS = "spreadsheet, plate_grid or magellan"
KINDS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (re.compile(rb"##BLOCKS="), "a SoftMax Pro export", "softmax"),
    (re.compile(rb"\s*\"?Software Version"), "a Gen5 export", "gen5"),
    (re.compile(rb"\"?User:.*?Test name:", re.DOTALL), "a MARS export", "mars"),
    (re.compile(rb"\"?Program\"?[,;]\"?xPONENT"), "an xPONENT export", "xponent"),
    (re.compile(rb"[^\n]*\n(?:[^\n]*\n){0,40}?[^\n]*\"{1,2}ImportId\"{1,2}"), "a Qualtrics export", "qualtrics"),
    (re.compile(rb"[^\n]*redcap_(?:event_name|repeat_instrument)"), "a REDCap export", "redcap"),
    (re.compile(rb"\{.*?\"datasetJSONVersion\"", re.DOTALL), "a Dataset-JSON file", "dataset_json"),
    (re.compile(rb"\{\s*\""), "a file of JSON lines", "jsonlines"),
    (re.compile(rb"\s*<(?:\?xml.{0,4000}?<)?(?:\w+:)?ODM\b", re.DOTALL), "an ODM-XML file", "odm"),
    (re.compile(rb"\$FL[23]"), "an SPSS file (.sav)", "statistical"),
    (re.compile(rb"<stata_dta>|[\x69-\x73][\x01\x02]\x01\x00"), "a Stata file (.dta)", "statistical"),
    (re.compile(rb"ASCII SPSS PORT FILE"), "an SPSS portable file (.por): save it as .sav", ""),
    (re.compile(rb"HEADER RECORD\*{7}LIB"), "a SAS transport file (.xpt)", "statistical"),
    (re.compile(rb"\x00{12}\xc2\xea\x81\x60"), "a SAS file (.sas7bdat)", "statistical"),
    (re.compile(rb"PK\x03\x04(?=.*(?:xl/|\[Content_Types\]))", re.DOTALL), "a workbook (.xlsx)", WORKBOOKS),
    (re.compile(rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis", re.DOTALL), "a workbook (.ods)", WORKBOOKS),
    (re.compile(rb"PK\x03\x04.*\.iwa", re.DOTALL), "a Numbers document: export it as .xlsx or CSV", ""),
    (re.compile(rb"\xd0\xcf\x11\xe0"), "an old (.xls) or an encrypted workbook", WORKBOOKS),
    (re.compile(rb"\s*<\?xml.{0,2000}?<GraphPadPrismFile", re.DOTALL), "a Prism file (.pzfx)", "prism"),
    (re.compile(rb"PK\x03\x04.*document\.json", re.DOTALL), "a Prism file (.prism): export its tables as CSV", ""),
    (re.compile(rb"RDX[23]\n|X\n\x00\x00"), "a data file of R", "r_data"),
    (re.compile(rb"RDA[23]\n|A\n[23]\n"), "a data file of R in ASCII: save it with the defaults of save", ""),
    (re.compile(rb"\s*<\?xml.*Excel\.Sheet", re.DOTALL), "a workbook of 2003 as XML: save it as .xlsx", ""),
    (re.compile(rb"\s*\[\s*\{"), "a JSON list: write each of its elements as one line, for the reader jsonlines", ""),
    (re.compile(rb"PAR1|ARROW1|FEA1"), "a Parquet or Feather file: write the table as CSV", ""),
    (re.compile(rb"SQLite format 3|\x89HDF"), "a database: write the table as CSV", ""),
    (re.compile(rb"\{\\rtf"), "a text document (.rtf): export the data as CSV", ""),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8"), "a picture: export the data, not an image of them", ""),
    (re.compile(rb"%PDF"), "a PDF: export the data instead of printing them", ""),
    (
        re.compile(rb"\s*<(?:!DOCTYPE html|html|table|meta|head)", re.IGNORECASE),
        "a web page: export the data instead of saving the page",
        "",
    ),
    (re.compile(rb"PK\x03\x04"), "a zip file: unpack it, and register what is in it", ""),
)


def recognised(content: bytes, reader: str) -> str:
    """What a file is that ``reader`` refused, in words; "" where that is not known, or the reader is the right one."""
    start = _plain(content)
    for pattern, kind, readers in KINDS:
        if pattern.match(start):
            if not readers:
                return f"this is {kind}"
            return (
                "" if reader in readers.replace(",", " ").split() else f"this is {kind}: the reader for it is {readers}"
            )
    return ""


def readers_for(content: bytes) -> tuple[str, ...]:
    """The readers for what the first bytes say that a file is; none where they say nothing."""
    start = _plain(content)
    for pattern, _, readers in KINDS:
        if pattern.match(start):
            return tuple(word for word in readers.replace(",", " ").split() if word != "or")
    return ()


def _plain(content: bytes) -> bytes:
    """The first bytes, unpacked where they are packed, UTF-16 as ASCII, without a byte order mark."""
    try:
        content, _ = unpacked(content)
    except Fault:
        return b""
    start = content[:START]
    if start.startswith(b"PK\x03\x04"):
        return start + content[-START:]  # the list of the files within stands at the end
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = start[2:].replace(b"\x00", b"")
    return start.removeprefix(b"\xef\xbb\xbf")
