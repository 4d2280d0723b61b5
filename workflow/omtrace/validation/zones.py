"""Times with a zone, taken to the clock of the site before a date is read from them.

A time has a zone where it says so itself (`2024-03-02T04:55:00Z`, an offset, milliseconds since 1970) or where its file
says it for the column (``Variable.zone``). The day of such a time hangs on where people were: the plan says
it (``zone`` of the table). Without that, the day is read as it is written, and the zone is reported.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from omtrace.validation.work import Work

STAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d{1,9})? ?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?"
)
EPOCH = re.compile(r"1\d{12}")  # milliseconds, from 2001 to 2033


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


def _instant(text: str, said: str) -> bool:
    """Whether a text is a time with a zone of its own, or of its file."""
    match = STAMP.fullmatch(text.strip())
    return bool(EPOCH.fullmatch(text.strip()) or (match and (match["zone"] or said)))


def _zones(texts: Iterable[str], said: str) -> set[str]:
    matches = (STAMP.fullmatch(text.strip()) for text in texts)
    return {_name(match["zone"] or said) if match else "UTC" for match in matches}


def _name(zone: str) -> str:
    return "UTC" if zone in ("Z", "UTC") else zone


def _local(text: str, said: str, site: ZoneInfo | None) -> str:
    """A time as the clock of the site shows it, ISO; without a site as it is written, without its zone."""
    text = text.strip()
    if EPOCH.fullmatch(text):
        moment = datetime.fromtimestamp(int(text) / 1000, UTC)
    else:
        match = STAMP.fullmatch(text)
        assert match
        clock = match[2] if match[2].count(":") == 2 else f"{match[2]}:00"
        written = datetime.fromisoformat(f"{match[1]}T{clock.rjust(8, '0')}")
        moment = written.replace(tzinfo=_zone(match["zone"] or said))
    return (moment.astimezone(site) if site else moment).strftime("%Y-%m-%d %H:%M:%S")


def _zone(zone: str) -> tzinfo:
    """A zone by its name or its offset."""
    if zone in ("Z", "UTC"):
        return UTC
    if match := re.fullmatch(r"([+-])(\d{2}):?(\d{2})", zone):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    return ZoneInfo(zone)
