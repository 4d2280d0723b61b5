"""Times to an event among the columns of files: a time, and whether the event came at it or the time is censored."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from omtrace.intake.drafting.draft import Draft, ParameterDraft

UNITS = r"(times?|days?|weeks?|months?|hours?|years?)"
TIME = re.compile(
    rf"{UNITS}_(to|until|till|from_\w+_to)_\w+|time_?to_?event|tte|fu_?time|\w*survival(_{UNITS})?|(pfs|os|dfs|ttp)(_{UNITS})?|"
    rf"(follow_?up|event)_{UNITS}|{UNITS}|fu(_?{UNITS})?|futime|survtime|lenfol"
)
EVENT = re.compile(
    r"(is_|had_)?(event|status|relapsed?|died|dead|death|progress(ed|ion)|deteriorat(ed|ion)|failure)(_status)?"
)
TEXTS = ({"0", "1"}, {"no", "yes"})
NUMBERED = {"1", "2"}  # censored and not, as programs count that code categories from 1


@dataclass(frozen=True)
class TimeToEvent:
    """A time and its event; ``times``: a quarter, a half and three quarters of the longest, rounded."""

    time: ParameterDraft
    event: ParameterDraft
    times: tuple[float, ...]


def times_to_event(draft: Draft) -> Iterator[TimeToEvent]:
    """The times of a draft, each with the column of its event: one that shares its word, or else one called event."""
    columns = {column.raw: column for file in draft.files for column in file.columns}
    once = [p for p in draft.parameters.values() if not p.visits and p.raw in columns and p.name != draft.group]
    events = [p for p in once if p.derive == "calculated" or {t.casefold() for t in columns[p.raw].texts} in TEXTS]
    for time in once:
        numbers = [float(text) for text in columns[time.raw].texts if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)]
        if not columns[time.raw].is_number or not TIME.fullmatch(time.name) or not numbers:
            continue
        words = {word[:5] for word in re.sub(UNITS, "", time.name).split("_") if len(word) > 3}
        alike = [p for p in events if words & {word[:5] for word in columns[p.raw].name.split("_")}]
        alike = alike or [p for p in events if EVENT.fullmatch(columns[p.raw].name)]
        if alike:
            times = tuple(float(f"{max(numbers) * part:.2g}") for part in (0.25, 0.5, 0.75))
            yield TimeToEvent(time, alike[0], times)
