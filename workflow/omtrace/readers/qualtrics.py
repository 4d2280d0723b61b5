"""Qualtrics' CSV and TSV exports: delimited text with two or three header rows, previews and spam among the responses.

Header rows and columns: Qualtrics, "Understanding your data set". Codes of the response type: the value labels that
Qualtrics writes into its SPSS exports.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.faults import Fault
from omtrace.provenance.keys import Place
from omtrace.readers import Extract, Places, Reader, RowFault, Variable, delimited

if TYPE_CHECKING:
    import numpy

IMPORT_ID = re.compile(r"\{\s*['\"]ImportId['\"]\s*:\s*['\"]([^'\"]*)['\"]")
ZONE = re.compile(r'"timeZone" *: *"([^"]+)"')
QUESTION_ID = re.compile(r"(\d+_)?QID\d")  # numbered in front within a loop
OLD_NAME = re.compile(r"V\d+")  # older exports number the columns about the response and name them in the second row
NUMBER = re.compile(r"-?\d+([.,]\d+)?")
SHARE = 0.9  # of numbers among the answers, from which on they are taken for recodes
PREVIEW, TEST, SPAM, SYNTHETIC = "survey preview", "survey test", "spam", "synthetic response"
NO_DATA = {
    "1": PREVIEW,
    "survey preview": PREVIEW,
    "9": PREVIEW,
    "survey preview spam": PREVIEW,
    "17": PREVIEW,
    "offline survey preview": PREVIEW,
    "2": TEST,
    "survey test": TEST,
    "8": SPAM,
    "spam": SPAM,
    "12": SPAM,
    "imported spam": SPAM,
    "40": SPAM,
    "ex spam": SPAM,
    "256": SYNTHETIC,
    "synthetic": SYNTHETIC,
}
DATA = {"0", "ip address", "4", "imported", "16", "offline", "32", "ex", "48", "ex offline", ""}
# What the second row says of the columns about the response: in newer exports as a text, in older ones as the name.
SECOND = {
    "StartDate": "Start Date",
    "EndDate": "End Date",
    "Status": "Response Type",
    "IPAddress": "IP Address",
    "Progress": "Progress",
    "Duration (in seconds)": "Duration (in seconds)",
    "Finished": "Finished",
    "RecordedDate": "Recorded Date",
    "ResponseId": "Response ID",
    "DistributionChannel": "Distribution Channel",
    "UserLanguage": "User Language",
}
OLD = {"ResponseID", "ResponseSet", "StartDate", "EndDate", "Finished"}
IDENTIFIERS = {
    "IPAddress",
    "RecipientLastName",
    "RecipientFirstName",
    "RecipientEmail",
    "LocationLatitude",
    "LocationLongitude",
    "Name",
    "EmailAddress",
}
ABOUT = {*SECOND, *OLD, *IDENTIFIERS, "ExternalReference", "ExternalDataReference", "LocationAccuracy"}


class Options(delimited.Options):
    """Options of delimited text, and what becomes of previews and spam."""

    keep_previews: bool = Field(False, description="take previews, tests and spam for responses")


def read(content: bytes, options: Options) -> Extract:
    """The responses of an export as text, each with its physical lines; ordinals count all responses from 1.

    The second row becomes the labels; the third row is one of ImportIds if its cells look like it. Previews, tests,
    spam and synthetic responses (by ``Status``, previews also by ``DistributionChannel``) are counted in ``left_out``
    and no rows. A column is an identifier if it is the address, name, e-mail or position of the respondent and any
    response has it: anonymous exports keep these columns empty. ``ExternalReference`` is none: it is the study's own
    reference, meant for the participant's id. Raises Fault for what ``delimited.read`` refuses, and where the header
    rows are not those of Qualtrics.
    """
    extract = delimited.read(content, options)
    cells = [list(column) for column in zip(*extract.records(), strict=True)] or [[] for _ in extract.columns]
    labels, ids = _headers(extract, cells, options.header_line)
    zones = [match[1] if ids and (match := ZONE.search(column[1])) else "" for column in cells]
    rows = 1 + bool(ids)
    names = [label if OLD_NAME.fullmatch(name) else name for name, label in zip(extract.columns, labels, strict=True)]
    cells = [column[rows:] for column in cells]
    reasons = _reasons(dict(zip(names, cells, strict=True)), len(extract.places) - rows)
    decisions = extract.decisions | {"header rows": "3, with ImportIds" if ids else "2, without ImportIds"}
    if any(zones):
        decisions["time zone"] = ", ".join(sorted({_zone_name(zone) for zone in zones if zone}))
    variables = {
        column: Variable(label, identifier=name in IDENTIFIERS and any(cell.strip() for cell in values), zone=zone)
        for column, name, label, values, zone in zip(extract.columns, names, labels, cells, zones, strict=True)
    }
    unknown = sum(reason == "?" for reason in reasons)
    if unknown:
        decisions["response types"] = f"{unknown} responses of an unknown type, kept"
    out = {} if options.keep_previews else Counter(sorted(reason for reason in reasons if reason not in ("", "?")))
    kept = [n for n, reason in enumerate(reasons) if reason not in out]
    cells = [[column[n] for n in kept] for column in cells]
    decisions["values"] = _values(names, ids, cells)
    faults = [RowFault(_moved(fault.place, rows), fault.rule, fault.message) for fault in extract.faults]
    places = _chosen(extract.places, [n + rows for n in kept], rows)
    return Extract(extract.columns, cells, places, decisions, faults, left_out=dict(out), variables=variables)


def _headers(extract: Extract, cells: list[list[str]], line: int) -> tuple[list[str], list[str]]:
    """Labels, and ImportIds ([] if there is no such row). Raises Fault for other header rows than Qualtrics'."""
    rows = [[column[n] for column in cells] for n in range(min(2, len(extract.places)))]
    wide = [f for f in extract.faults if f.place.ordinal <= 2]
    if not rows or extract.places[0].ordinal != 1:
        detail = f" ({wide[0].message})" if wide else ""
        raise Fault(f"no row of question texts below line {line}{detail}; export from Qualtrics again, as CSV")
    ids = _import_ids(rows[1]) if len(rows) > 1 and extract.places[1].ordinal == 2 else []
    known = any(
        (SECOND.get(name) == text.strip()) or (OLD_NAME.fullmatch(name) and text.strip() in OLD)
        for name, text in zip(extract.columns, rows[0], strict=True)
    )
    if not ids and not known:
        raise Fault(
            f"line {extract.places[0].first_line}: no question texts as Qualtrics writes them, and no ImportIds below; "
            "export from Qualtrics again, as CSV, or name the reader delimited"
        )
    return [" ".join(text.split()) for text in rows[0]], ids


def _zone_name(zone: str) -> str:
    return "UTC" if zone == "Z" else zone


def _import_ids(row: list[str]) -> list[str]:
    """The ImportIds of a row, [] unless every filled cell holds one."""
    found = [IMPORT_ID.match(cell.strip()) for cell in row]
    if not any(found) or any(cell.strip() and not match for cell, match in zip(row, found, strict=True)):
        return []
    return [match[1] if match else "" for match in found]


def _reasons(columns: dict[str, list[str]], count: int) -> list[str]:
    """Why each response is no data: "" if it is, "?" if its type is unknown."""
    types = columns.get("Status", [""] * count)
    channels = columns.get("DistributionChannel", [""] * count)
    found = []
    for kind, channel in zip(types, channels, strict=True):
        kind = kind.strip().lower()
        preview = PREVIEW if channel.strip().lower() == "preview" else ""
        found.append(NO_DATA.get(kind, "") or preview or ("" if kind in DATA else "?"))
    return found


def _values(names: list[str], ids: list[str], cells: list[list[str]]) -> str:
    """Whether answers are choice texts or numeric recodes, as far as it can be seen."""
    own = dict(zip(names, cells, strict=True))
    signs = [cell for name in ("Finished", "Status") for cell in own.get(name, []) if cell.strip()]
    answers = [
        cell.strip()
        for n, column in enumerate(cells)
        if not names[n].endswith("_TEXT") and (QUESTION_ID.match(ids[n]) if ids else names[n] not in ABOUT)
        for cell in column
        if cell.strip()
    ]
    numbers = _numbers(answers)
    share = f"{numbers} of {len(answers)} answers are numbers"
    if signs and _numbers(signs) in (0, len(signs)):
        return f"{'numeric recodes' if _numbers(signs) else 'choice texts'}, by Finished and Status ({share})"
    if answers and not signs and numbers >= SHARE * len(answers):
        return f"numeric recodes ({share})"
    if answers and not signs and numbers <= (1 - SHARE) * len(answers):
        return f"choice texts ({share})"
    return f"cannot be told ({share})"


def _numbers(texts: Iterable[str]) -> int:
    return sum(bool(NUMBER.fullmatch(text.strip())) for text in texts)


def _moved(place: Place, rows: int) -> Place:
    return Place(place.ordinal - rows, place.first_line, place.last_line, place.part, place.column)


def _chosen(places: Places, kept: list[int], rows: int) -> Places:
    """Some of the places, with ordinals from the first response on."""

    def of(values: "Sequence[int] | numpy.ndarray") -> list[int]:
        return [int(values[n]) for n in kept]

    parts = places.parts if isinstance(places.parts, str) else [places.parts[n] for n in kept]
    return Places([n - rows for n in of(places.ordinals)], of(places.first_lines), of(places.last_lines), parts)


READER = Reader(Options, read)
