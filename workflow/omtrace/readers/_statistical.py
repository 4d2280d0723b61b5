"""A file of a statistical program as text, read in a process of its own: ``python _statistical.py < request > answer``.

The parser is native code: on damaged bytes it can abort or ask for any amount of memory, which no ``except``
can hold. Here that ends this process and nothing else. The request is one line of JSON (``encoding``, and
``size``, the bytes of the file), then the file's bytes, then those of a SAS catalog, if any; nothing is written
to a disk. The answer is JSON: ``fault``, or ``columns``, ``cells`` (texts, column by column), ``dates`` (column ->
rows, from 0, that hold a date or a time), ``variables`` (column -> label, choices, missing) and ``decisions``.
This file imports nothing of the package, so that it starts fast and runs anywhere.
"""

import io
import json
import os
import re
import sys
import warnings
from datetime import datetime, timedelta
from typing import Any

MEMORY = 2 * 2**30  # bytes
CELLS = 5_000_000  # some 50,000 cases of 100 variables
DAY = 86_400_000  # milliseconds
AGAIN = "put back the export as it was received"
DAMAGED = f"the file is damaged or cut off; {AGAIN}"
NONE = f"no file of SPSS (sav, zsav, por), Stata (dta) or SAS (sas7bdat, xpt); {AGAIN}, or name another reader"
OTHER_TEXT = "the texts are not in the encoding that is assumed or stated; set the option encoding right"
SAS = b"\0" * 12 + b"\xc2\xea\x81"
SAS_REST = b"\xb3\x14\x11\xcf\xbd\x92\x08\x00\x09\xc7\x31\x8c\x18\x1f\x10\x11"
OLD_STATA = re.compile(rb"[\x66-\x73][\x01\x02][\x01\x00][\x00\x01]")  # release, byte order, type, padding
EPOCHS = {"spss": datetime(1582, 10, 14), "stata": datetime(1960, 1, 1), "sas": datetime(1960, 1, 1)}
# Bytes at which a format cuts texts off; a cell that fills them may have been longer.
LONGEST = {"sav": (255, 32767), "por": (255,), "dta": (244, 2045), "xpt": (200,), "sas7bdat": (32767,)}
PARSERS = {"sav": "sav/zsav", "zsav": "sav/zsav", "xpt": "xport"}

# Names of display formats: SPSS Statistics command syntax reference, "Date and time formats"; SAS formats and
# informats reference, "Formats by category: date and time"; Stata manual [D] Datetime display formats.
SPSS_FORMATS = {
    "date": "DATE ADATE EDATE JDATE SDATE QYR MOYR WKYR",
    "datetime": "DATETIME YMDHMS",
    "time": "TIME DTIME MTIME",
}
SAS_FORMATS = {
    "day": "DATE WEEKDATE WEEKDATX WORDDATE WORDDATX JULIAN MONYY YYMM MMYY NLDATE E8601DA B8601DA IS8601DA "
    + " ".join(f"{order}{mark}" for order in ("MMDDYY", "DDMMYY", "YYMMDD") for mark in ["", *"BCDNPS"]),
    "date": "DTDATE E8601DN B8601DN IS8601DN",  # the date of a moment, which is counted in seconds
    "datetime": "DATETIME DATEAMPM MDYAMPM NLDATM E8601DT B8601DT IS8601DT",
    "time": "TIME TIMEAMPM HHMM MMSS NLTIME E8601TM B8601TM IS8601TM",
    "clock": "TOD",
}
FORMAT_NAME = re.compile(r"\$?([A-Z_][A-Z0-9_]*?)\d*(?:\.\d*)?")
STATA_CLOCK = re.compile(r"%-?tc[HhMmSs:.apAP_]+")
LIKE_A_DATE = re.compile(r"DATE|TIME|DT|YY|YEAR|QTR|MON|NLD|NLT|8601|%-?t")


def format_of(content: bytes) -> str:
    """sav, zsav, por, dta, sas7bdat, sas7bcat or xpt, by content; "" for anything else."""
    if content[:4] in (b"$FL2", b"$FL3"):
        return "sav" if content[3:4] == b"2" else "zsav"
    if content.startswith(b"<stata_dta>") or OLD_STATA.match(content):
        return "dta"
    if content.startswith(SAS) and content[16:32] == SAS_REST:
        return {b"\x60": "sas7bdat", b"\x63": "sas7bcat"}.get(content[15:16], "")
    if content.startswith(b"HEADER RECORD*******LIB"):
        return "xpt"
    return "por" if b"SPSSPORT" in re.sub(rb"[\r\n]", b"", content[:600]) else ""


def shape_of(family: str, name: str) -> tuple[str, int]:
    """What a display format makes of numbers (date, datetime, time, clock, month, ""), and milliseconds a unit."""
    if family == "stata":
        if re.match(r"%-?(td|d)", name):
            return "date", DAY
        if re.match(r"%-?tc", name):
            return ("clock" if STATA_CLOCK.fullmatch(name) else "datetime"), 1
        return ("month", 1) if re.match(r"%-?tm", name) else ("", 0)
    match = FORMAT_NAME.fullmatch(name.upper())
    for shape, names in (SPSS_FORMATS if family == "spss" else SAS_FORMATS).items():
        if match and match[1] in names.split():
            return ("date", DAY) if shape == "day" else (shape, 1000)
    return "", 0


def number_text(value: Any, single: bool) -> str:
    """The shortest text that reads back as the number; whole numbers without a point."""
    if isinstance(value, int):
        return str(value)
    if value != value:
        return ""
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if single:  # the shortest in the precision in which it is stored: 0.1, not 0.10000000149011612
        import numpy

        return str(numpy.float32(value))
    return repr(value)


def clock_text(milliseconds: int) -> str:
    """A duration or a time of day as HH:MM:SS, with milliseconds where there are any."""
    seconds, rest = divmod(abs(milliseconds), 1000)
    text = f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}" + (f".{rest:03d}" if rest else "")
    return "-" + text if milliseconds < 0 else text


def moment_text(value: float, shape: str, unit: int, epoch: datetime) -> tuple[str, bool]:
    """A date or time as ISO text, and whether a time of day was dropped. "" for what is no date."""
    try:
        milliseconds = round(value * unit)
        if shape == "month":
            year, month = divmod(milliseconds, 12)
            return f"{1960 + year:04d}-{month + 1:02d}", False
        if shape == "time" or (shape == "clock" and 0 <= milliseconds < DAY):
            return clock_text(milliseconds), False
        if epoch.year == 1582 and milliseconds < DAY:
            return "", False  # SPSS has no dates before 15 October 1582: such a number is a code
        moment = epoch + timedelta(milliseconds=milliseconds)
    except (OverflowError, ValueError):
        return "", False
    if shape == "date":
        return moment.date().isoformat(), bool(milliseconds % DAY)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds"), False


class Variable:
    """One column: its stored values as texts, and what the file says of it."""

    def __init__(self, kind: str, family: str, meta: Any, name: str, labels: dict) -> None:
        self.kind, self.family, self.name, self.labels = kind, family, name, labels
        self.format = meta.original_variable_types.get(name) or ""
        self.type = meta.readstat_variable_types[name]
        self.shape, self.unit = shape_of(family, self.format) if self.type != "string" else ("", 0)
        self.ranges = meta.missing_ranges.get(name, [])
        self.tags = meta.missing_user_values.get(name, [])
        self.dates: list[int] = []
        self.dropped = self.undated = 0

    def text(self, value: Any, row: int = -1) -> str:
        """A stored value as text; a row says that it is a cell, which is counted."""
        if value is None:
            return ""
        if isinstance(value, str):
            if self.type != "string":  # a missing value of Stata or SAS: .a to .z, ._
                return f".{value.lower()}"
            return value if self.family == "stata" else value.rstrip(" ")
        if self.shape:
            text, dropped = moment_text(value, self.shape, self.unit, EPOCHS[self.family])
            if text:
                if row >= 0:
                    self.dates.append(row)
                    self.dropped += dropped
                return text
            self.undated += row >= 0
        return number_text(value, self.type == "float")

    def says(self, label: str | None, values: list) -> dict:
        """Label, choices and missing codes as the file has them."""
        tagged = [key for key in self.labels if isinstance(key, str) and self.type != "string"]
        missing = {self.text(tag): self.labels.get(tag, "user-missing") for tag in [*self.tags, *tagged]}
        for bounds in self.ranges:
            low, high = bounds["lo"], bounds["hi"]
            found = [low] if low == high else {v for v in [*values, *self.labels] if v is not None and low <= v <= high}
            missing |= {self.text(v): self.label_of(v) for v in sorted(found)}
        codes = {self.text(key): text for key, text in self.labels.items()}
        choices = {code: text for code, text in codes.items() if code and code not in missing}
        return {"label": (label or "").strip(), "choices": choices, "missing": missing}

    def label_of(self, value: Any) -> str:
        """The label of a missing code."""
        same = {self.text(key): text for key, text in self.labels.items()}
        return same.get(self.text(value), "user-missing")

    def decisions(self, cells: list[str]) -> dict[str, str]:
        """What was settled on for the column, and what the file or this text may have lost."""
        said = {}
        wide = [b for b in self.ranges if b["lo"] != b["hi"]]
        if wide:
            ends = [(b["lo"] <= -1e308, b["hi"] >= 1e308, b) for b in wide]
            said["missing range"] = ", ".join(
                f"{'lowest' if low else self.text(b['lo'])} to {'highest' if high else self.text(b['hi'])}"
                for low, high, b in ends
            )
        if self.type == "string":
            full = sum(len(cell.encode()) in LONGEST.get(self.kind.removeprefix("z"), ()) for cell in cells)
            if full:
                said["loss"] = f"{full} cells fill the longest text of the format and may be cut off"
        elif self.type == "float":
            said["precision"] = "single"
        if self.dropped:
            said["loss"] = f"the time of day in {self.dropped} cells, which the format {self.format} does not show"
        if self.undated:
            said["no dates"] = f"{self.undated} cells of format {self.format} are no dates and stay numbers"
        elif not self.shape and self.type != "string" and LIKE_A_DATE.search(self.format):
            said["format"] = f"{self.format} is not understood; numbers as stored"
        return said


def checked_xpt(content: bytes, rows: int, width: int) -> str:
    """What is wrong with a transport file that its parser does not see, or "". ``width``: bytes of a row."""
    records = [content[at : at + 26] for at in range(0, len(content), 80)]
    if sum(record.startswith(b"HEADER RECORD*******MEMB") for record in records) > 1:
        return "several data sets in the file; write the one that is wanted to a file of its own"
    start = next(n for n, record in enumerate(records, 1) if record.startswith(b"HEADER RECORD*******OBS")) * 80
    # The format has no number of rows: what is left after whole rows must be the blanks that fill the last record.
    return DAMAGED if len(content) % 80 or content[start + rows * width :].strip(b" ") else ""


def parsed(kind: str, content: bytes, encoding: str, **options: Any) -> tuple[dict, Any]:
    """Values by column and the metadata. The public functions leave out user-missing codes of por and xpt files."""
    from pyreadstat._readstat_parser import parser_entry_point

    return parser_entry_point(
        io.BytesIO(content),
        parser_format=PARSERS.get(kind, kind),
        encoding=encoding or None,
        user_missing=True,
        disable_datetime_conversion=True,
        output_format="dict",
        **options,
    )


def general(kind: str, content: bytes, encoding: str, meta: Any, rows: int) -> dict[str, str]:
    """The decisions about the file as a whole."""
    family = {"d": "Stata", "x": "SAS transport"}.get(kind[0], "SAS" if kind.startswith("sas") else "SPSS")
    stated = meta.file_encoding
    if not stated and kind == "dta":
        new = content.startswith(b"<stata_dta>") and re.search(rb"<release>11[89]</release>", content[:80])
        stated = "UTF-8" if new else "WINDOWS-1252 (assumed; the format does not say)"
    stated = stated or "UTF-8 (assumed; the format does not say)"
    said = {"format": f"{family} ({kind})", "encoding": f"{encoding} (by option)" if encoding else stated}
    said |= {"lines": "case numbers", "cases": str(rows)}
    said |= {"data set": meta.table_name} if meta.table_name else {}
    said |= {"file label": meta.file_label.strip()} if (meta.file_label or "").strip() else {}
    notes = [note.strip() for note in meta.notes if note.strip()]
    if kind == "xpt":
        said["completeness"] = "the format does not say how many cases; a file cut between two cases looks whole"
    return said | ({"notes": " / ".join(notes)} if notes else {})


def answer(encoding: str, content: bytes, catalog: bytes) -> dict:
    """The answer to a request, as the module says."""
    kind = format_of(content)
    if content.startswith(b"**COMPRESSED** **COMPRESSED**"):
        return {"fault": "a transport file of PROC CPORT; write it with the XPORT engine, or as sas7bdat"}
    if kind in ("", "sas7bcat"):
        return {"fault": "a SAS catalog; name it in the option catalog of the data's table" if kind else NONE}
    if catalog and (kind != "sas7bdat" or format_of(catalog) != "sas7bcat"):
        return {"fault": "option catalog: a catalog (sas7bcat) belongs to a sas7bdat file"}
    if kind == "por" and encoding:
        return {"fault": "option encoding: a por file can only be read as UTF-8; save it as sav"}
    _, head = parsed(kind, content, encoding, metadataonly=True)
    if None in head.column_names:  # the parser could not decode a name
        return {"fault": OTHER_TEXT}
    if (head.number_rows or 0) * len(head.column_names) > CELLS:
        return {"fault": f"more than {CELLS} cells; split the file"}
    values, meta = parsed(kind, content, encoding)
    formats = parsed("sas7bcat", catalog, encoding)[1].value_labels if catalog else meta.value_labels
    rows = max(map(len, values.values()), default=0)
    if kind == "xpt":
        wrong = checked_xpt(content, rows, sum(meta.variable_storage_width.values()))
        if wrong:
            return {"fault": wrong}
    result: dict[str, Any] = {"columns": meta.column_names, "cells": [], "dates": {}, "variables": {}}
    decisions = general(kind, content, encoding, meta, rows)
    if kind == "por" and "\ufffd" in json.dumps([values, meta.column_labels, formats], ensure_ascii=False, default=str):
        return {"fault": "texts that are not in UTF-8, which a por file cannot be read without; save it as sav"}
    family = "spss" if kind in ("sav", "zsav", "por") else "stata" if kind == "dta" else "sas"
    for name, label in zip(meta.column_names, meta.column_labels, strict=True):
        variable = Variable(kind, family, meta, name, formats.get(meta.variable_to_label.get(name), {}))
        cells = [variable.text(value, row) for row, value in enumerate(values[name])]
        result["cells"].append(cells)
        result["dates"] |= {name: variable.dates} if variable.dates else {}
        result["variables"][name] = variable.says(label, values[name])
        decisions |= {f"{what} in {name}": text for what, text in variable.decisions(cells).items()}
    return result | {"decisions": decisions}


def main() -> None:
    """Answer the request on standard input."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread takes its share of the memory before any work
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, OSError, ValueError):
        pass  # no such limit on this system: the time limit of the caller remains
    request, _, content = sys.stdin.buffer.read().partition(b"\n")
    wanted = json.loads(request)
    warnings.filterwarnings("error", message="column .* is duplicated")
    try:
        result = answer(wanted["encoding"], content[: wanted["size"]], content[wanted["size"] :])
    except Exception as error:  # whatever a damaged file makes the parsers raise
        text = isinstance(error, UnicodeError) or re.search("encoding|character set", str(error))
        result = {"fault": OTHER_TEXT if text else DAMAGED}
    sys.stdout.buffer.write(json.dumps(result).encode())


if __name__ == "__main__":
    main()
