"""The zipped workbooks, before anything reads them: limits on what they unpack to, and no declared entities.

Like ``_workbook.py``, which runs it, this file imports nothing of the package.
"""

import io
import re
import zipfile

UNPACKED = 512 * 2**20  # bytes of all parts together; 50,000 rows of 100 columns take some 200 MB
RATIO = 200  # bytes unpacked for one packed; sheets reach some 60
SMALL = 2**20  # bytes below which the ratio says nothing
NESTED = 2  # archives within archives, such as an embedded document
ENTITIES = "the workbook declares a document type or an entity, as no spreadsheet does; save it anew"
BOMB = "the workbook unpacks to more than a workbook should; save it anew, or its sheet as CSV"
DECLARED = re.compile(rb"<!(?:doctype|entity)", re.IGNORECASE)


class Refused(Exception):
    """A workbook that is not read; the text says why."""


def unpacked(content: bytes, depth: int = 0) -> bytes:
    """The archive once more, every part checked and stored unpacked.

    What is read later is what was checked here: a size in a header that lies, or two parts of one name, mean
    something else to each program. All sizes are checked before a byte is unpacked; of a part no more is
    unpacked than its header says. Raises Refused for a bomb or a document type (the only way to entities, so
    none reaches an XML parser), and BadZipFile for a damaged archive or a wrong checksum.
    """
    copied = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(copied, "w") as copy:
        parts = archive.infolist()
        if depth > NESTED or sum(part.file_size for part in parts) > min(UNPACKED, max(SMALL, RATIO * len(content))):
            raise Refused(BOMB)
        if len({part.filename for part in parts}) < len(parts):
            raise zipfile.BadZipFile("two parts of one name")
        for part in parts:
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise zipfile.BadZipFile("not a packing that workbooks use")
            with archive.open(part) as stream:
                data = stream.read(part.file_size)  # read() without a number may unpack without a limit
            if data.startswith(b"PK\x03\x04"):
                unpacked(data, depth + 1)
            elif DECLARED.search(data.replace(b"\0", b"")):  # without NUL, UTF-16 reads as ASCII
                raise Refused(ENTITIES)
            copy.writestr(zipfile.ZipInfo(part.filename), data)
    return copied.getvalue()
