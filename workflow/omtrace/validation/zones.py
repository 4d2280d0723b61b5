"""Times with a zone, taken to the clock of the site before a date is read from them.

A time has a zone where it says so itself (`2024-03-02T04:55:00Z`, an offset, seconds since 1970 and
parts of them) or where its file
says it for the column (``Variable.zone``). The day of such a time hangs on where people were: the plan says
it (``zone`` of the table). Without that, the day is read as it is written, and the zone is reported.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from omtrace.validation.work import Source, Work

if TYPE_CHECKING:
    import numpy

# Letters of one zone alone (IANA time zone database, and the names that clocks print), with the hours east of UTC.
LETTERS = {
    **{"EST": -5, "EDT": -4, "MST": -7, "MDT": -6, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10},
    **{"WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "MET": 1, "MEST": 2, "EET": 2, "EEST": 3},
    **{"MSK": 3, "SAST": 2, "HKT": 8, "SGT": 8, "JST": 9, "KST": 9, "AWST": 8, "AEST": 10, "AEDT": 11},
    **{"NZST": 12, "NZDT": 13},
}
SEVERAL = re.compile(r".*\d:\d\d.*[\d ](?P<zone>CST|CDT|PST|IST|BST|AST|ADT|GST|ECT|SST|WST|AMT|ACT)")  # of several
STAMP = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<clock>\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d{1,9})? ?"
    r"(?P<zone>Z|UTC|GMT|"
    + "|".join(LETTERS)
    + r"|[+-]\d{2}(?::?\d{2})?)?(?:\[(?P<name>[A-Za-z_]+(?:/[A-Za-z_]+)*)\])?"
)
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?(?=[.,Z+-])")  # ISO 8601 without separators
EPOCH = re.compile(r"1\d{9}(?:\d{3}|\d{6})?")  # seconds, milliseconds or microseconds, from 2001 to 2033
SAME = ("Z", "UTC", "GMT")


def move_to_site(work: Work) -> None:
    """Take the times of date columns that have a zone to the zone of the site; report what the plan leaves open."""
    site = ZoneInfo(work.plan.zone) if work.plan.zone else None
    for column in work.table.columns:
        name = work.plan.raw(column.name)
        if column.kind != "date" or name not in work.cells:
            continue
        for number, source in work.sources.items():
            cells = work.cells[name]
            said = source.extract.variables[name].zone if name in source.extract.variables else ""
            timed = [text for text in cells.texts if _instant(text, said)]
            rows = cells.among(timed) & (work.numbers() == number)
            _ask(work, source, name, cells.among(_of_several(cells.texts)) & (work.numbers() == number))
            if not rows.any():
                continue
            work.cells[name] = cells.changed(rows, partial(_local, said=said, site=site))
            zones = ", ".join(sorted(_zones(timed, said)))
            decision = f"zone {zones}, " + (f"read as {work.plan.zone}" if site else "read as written")
            source.extract.decisions[f"times in {name}"] = decision
            if not site:
                expected = (
                    f"the zone of the site; these times are of zone {zones}, so that a day can be another one there"
                )
                work.find("zone_open", source.export, None, name, f"{expected}: say it in the plan, zone")


def _of_several(texts: Iterable[str]) -> list[str]:
    """The texts whose zone is given by letters that several zones have."""
    return [text for text in texts if SEVERAL.fullmatch(text.strip())]


def _ask(work: Work, source: Source, name: str, rows: "numpy.ndarray") -> None:
    """Report letters that several zones have, once a file and column; the cells stay, and are no dates."""
    if not rows.any():
        return
    texts = [work.cells[name].texts[code] for code in set(work.cells[name].codes[rows].tolist())]
    letters = ", ".join(sorted({match["zone"] for text in texts if (match := SEVERAL.fullmatch(text.strip()))}))
    expected = f"a zone of its own; {letters} is the name of several: write the offset, as in 2024-03-02 04:55-06:00"
    work.find("zone_open", source.export, None, name, expected)


def _instant(text: str, said: str) -> bool:
    """Whether a text is a time with a zone of its own, or of its file."""
    return bool(EPOCH.fullmatch(text.strip()) or ((match := _stamp(text)) and _named(match, said)))


def _stamp(text: str) -> re.Match[str] | None:
    """The parts of a time, with separators between them."""
    return STAMP.fullmatch(COMPACT.sub(lambda m: f"{m[1]}-{m[2]}-{m[3]}T{m[4]}:{m[5]}:{m[6] or '00'}", text.strip()))


def _named(match: re.Match[str], said: str) -> str:
    """The zone of a time: its offset, its zone's name where that is known, or the zone that its file says."""
    name = match["name"] or ""
    return match["zone"] or (name if name in _known_zones() else "") or said


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zones(texts: Iterable[str], said: str) -> set[str]:
    matches = map(_stamp, texts)
    return {_name(_named(match, said)) if match else "UTC" for match in matches}


def _name(zone: str) -> str:
    return "UTC" if zone in SAME else zone


def _local(text: str, said: str, site: ZoneInfo | None) -> str:
    """A time as the clock of the site shows it, ISO; without a site as it is written, without its zone."""
    text = text.strip()
    if EPOCH.fullmatch(text):
        moment = datetime.fromtimestamp(int(text[:10]), UTC)
    else:
        match = _stamp(text)
        assert match
        clock = match["clock"] if match["clock"].count(":") == 2 else f"{match['clock']}:00"
        written = datetime.fromisoformat(f"{match['day']}T{clock.rjust(8, '0')}")
        moment = written.replace(tzinfo=_zone(_named(match, said)))
    return (moment.astimezone(site) if site else moment).strftime("%Y-%m-%d %H:%M:%S")


def _zone(zone: str) -> tzinfo:
    """A zone by its name or its offset."""
    if zone in SAME:
        return UTC
    if zone in LETTERS:
        return timezone(timedelta(hours=LETTERS[zone]))
    if match := re.fullmatch(r"([+-])(\d{2})(?::?(\d{2}))?", zone):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-offset if match[1] == "-" else offset)
    return ZoneInfo(zone)
