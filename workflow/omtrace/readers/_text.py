"""From bytes to text: compression, encoding, line ends. Every choice is told, none is silent."""

import codecs
import gzip
import io
import re
import zlib
from typing import Literal

from omtrace.faults import Fault

GZIP = b"\x1f\x8b"
LIMIT = 500 * 2**20  # bytes, after decompression if any
MARKS = 20_000_000  # line ends and delimiters: some 200,000 rows of 100 columns; a cell takes 100 bytes and more
LINE_END = re.compile(r"\r\n|\n|\r")
BY_OPTION = " (by option)"  # ends a decision that the plan took
Encoding = Literal[
    "",
    "utf-8",
    "utf-16",
    "cp1252",
    "latin-1",
    "iso8859-15",
    "mac-roman",
    "cp437",
    "cp850",
    "cp1250",
    "iso8859-2",
    "cp852",
    "cp1251",
    "koi8-r",
    "koi8-u",
    "iso8859-5",
    "cp866",
    "mac-cyrillic",
    "cp1253",
    "iso8859-7",
    "cp1254",
    "iso8859-9",
    "cp1255",
    "iso8859-8",
    "cp1256",
    "iso8859-6",
    "cp1257",
    "iso8859-13",
    "cp1258",
    "cp874",
    "cp932",
    "shift_jis",
    "euc-jp",
    "iso2022-jp",
    "gbk",
    "gb18030",
    "big5",
    "cp949",
    "euc-kr",
]  # as Python names them
BOMS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with byte-order mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16 LE with byte-order mark"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16 BE with byte-order mark"),
)
GUESSES = (
    ("utf-8", "UTF-8"),
    ("cp1252", "CP1252 (not UTF-8)"),
    ("latin-1", "Latin-1 (not UTF-8, not CP1252)"),
)
UNMARKED = ((1, "utf-16-le", "UTF-16 LE (by its zero bytes)"), (0, "utf-16-be", "UTF-16 BE (by its zero bytes)"))
ZEROS = 0.4  # of the bytes on one side of the pairs: the Latin letters, digits and delimiters of UTF-16

CONTAINERS = {
    b"PK\x03\x04": "a zip file, such as a workbook (.xlsx)",
    b"\xd0\xcf\x11\xe0": "an old or encrypted workbook (.xls)",
}


def text_of(content: bytes, encoding: Encoding) -> tuple[str, str, dict[str, str]]:
    """The text in a file's bytes, the name of the gzip member ("" if none), and the decisions taken.

    ``encoding`` "" means: by byte-order mark or the zero bytes of UTF-16, else the first of UTF-8, CP1252 and Latin-1
    that fits. The last two take nearly all bytes: whether the text is one, ``validation/encodings`` judges.
    Raises Fault for an empty file, one that is or unpacks to more than LIMIT or MARKS, damaged gzip, a wrong
    encoding and NUL characters.
    """
    decisions, member = {}, ""
    if content.startswith(GZIP):
        member = _member_name(content)
        content = _unpacked(content, LIMIT)
        decisions["compression"] = f"gzip, member {member or 'without a name'}"
    if len(content) > LIMIT:
        raise Fault(f"more than {LIMIT >> 20} MiB; split the export")
    text, decisions["encoding"] = _decoded(content, encoding)
    if not text.strip():
        raise Fault("the file is empty; put back the export as it was received")
    if "\0" in text:
        above = text[: text.index("\0")]
        line = above.count("\n") + above.count("\r") - above.count("\r\n") + 1
        found = next(
            (f" but {what}; save it as text" for start, what in CONTAINERS.items() if content.startswith(start)), ""
        )
        raise Fault(f"line {line}: a NUL character; this is no text file in {decisions['encoding']}{found}")
    if len(text) > MARKS and sum(map(text.count, "\n\r,;\t|")) > MARKS:
        raise Fault(f"more than {MARKS} line ends and delimiters; split the export")
    decisions["line ends"] = _line_ends(text)
    return text, member, decisions


def _member_name(content: bytes) -> str:
    """The file name in a gzip header (RFC 1952), printable characters only."""
    if len(content) < 10 or not content[3] & 8:
        return ""
    start = 10 + (2 + int.from_bytes(content[10:12], "little") if content[3] & 4 else 0)
    name = content[start : start + 256].partition(b"\0")[0].decode("latin-1")
    return "".join(c for c in name if c.isprintable())


def _unpacked(content: bytes, limit: int) -> bytes:
    """All members of a gzip file, decompressed."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            unpacked = file.read(limit + 1)
    except (OSError, EOFError, zlib.error):
        raise Fault("the gzip file is damaged or cut off; put back the export as it was received") from None
    if len(unpacked) > limit:
        raise Fault(f"more than {limit >> 20} MiB after decompression; split the export")
    return unpacked


def _decoded(content: bytes, encoding: Encoding) -> tuple[str, str]:
    for mark, name, says in BOMS:
        if content.startswith(mark) and encoding in ("", name):
            return _strictly(content.removeprefix(codecs.BOM_UTF8), name), says
    if encoding:
        return _strictly(content, encoding), f"{encoding}{BY_OPTION}"
    for side, name, says in UNMARKED if b"\0" in content and len(content) % 2 == 0 else ():
        if content[side::2].count(0) > ZEROS * len(content) / 2 and not content[1 - side :: 2].count(0):
            return _strictly(content, name), says
    for name, says in GUESSES[:-1]:
        try:
            return content.decode(name), says
        except UnicodeDecodeError:
            continue
    return content.decode(GUESSES[-1][0]), GUESSES[-1][1]


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = LINE_END.subn("", content[: error.start].decode("latin-1"))[1] + 1
        at = f"line {line}, byte {error.start + 1} of the file"
        raise Fault(f"{at}: not {encoding}; set the option encoding right") from None


def _line_ends(text: str) -> str:
    pairs = text.count("\r\n")
    counts = {"CRLF": pairs, "LF": text.count("\n") - pairs, "CR": text.count("\r") - pairs}
    return " and ".join(name for name, count in counts.items() if count) or "none"
