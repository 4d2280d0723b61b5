"""Bytes that gzip, bzip2 or xz packed, unpacked to no more than a limit."""

import bz2
import lzma
import zlib
from collections.abc import Callable

from omtrace.faults import Fault
from omtrace.readers._text import LIMIT

MAKERS: "dict[bytes, Callable[[], zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor]]" = {
    b"\x1f\x8b": lambda: zlib.decompressobj(31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lzma.LZMADecompressor,
}


def unpacked(content: bytes) -> tuple[bytes, str]:
    """The bytes themselves, and how they were packed ("": not at all). Raises Fault for damage and for too many."""
    for magic, maker in MAKERS.items():
        if content.startswith(magic):
            machine = maker()
            try:
                whole = machine.decompress(content, LIMIT + 1)
            except (OSError, EOFError, zlib.error, lzma.LZMAError):
                raise Fault("the file is damaged; put it back as it was received") from None
            if len(whole) > LIMIT:
                raise Fault(f"more than {LIMIT >> 20} MiB after decompression; split the export")
            if not machine.eof:
                raise Fault("the file is cut off; put it back as it was received")
            return whole, {b"\x1f\x8b": "gzip", b"BZh": "bzip2"}.get(magic, "xz")
    return content, ""
