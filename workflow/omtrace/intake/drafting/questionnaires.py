"""Known questionnaires in a file, by the names of their item columns and the answers that stand there."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from omtrace.faults import Fault
from omtrace.instruments import Instrument, instrument_of
from omtrace.plugins import declared

NUMBERED = re.compile(r"(.*?)[_. -]*(?:q|item|i)?[_. -]*0*([0-9]{1,2})", re.IGNORECASE)
MOST_ANSWERS = 5  # that a question about them names
SHARE = 0.9  # of the answers that have to be of a coding; the others become findings


@dataclass(frozen=True)
class Match:
    """A questionnaire in a file: item -> what the file calls it, and the coding of the answers ("": its own codes)."""

    name: str
    instrument: Instrument
    columns: dict[str, str]
    coding: str


def questionnaires_in(columns: Mapping[str, Mapping[str, int]]) -> list[Match]:
    """The questionnaires whose items are all among the columns (raw name -> answer -> its cells), each column once."""
    found: list[Match] = []
    taken: set[str] = set()
    for name, instrument, items in _called(columns):
        coding = None if taken & {*items.values()} else _coding(instrument, _answers(items, columns))
        if coding is not None:
            found.append(Match(name, instrument, items, coding))
            taken |= {*items.values()}
    return found


def answers_unknown(columns: Mapping[str, Mapping[str, int]]) -> list[str]:
    """What is to be asked of questionnaires whose items are all there, with answers that fit no coding of theirs."""
    taken = {raw for match in questionnaires_in(columns) for raw in match.columns.values()}
    doubts = []
    for name, instrument, items in _called(columns):
        answers = [text for text, _ in _answers(items, columns).most_common(MOST_ANSWERS)]
        if answers and not taken & {*items.values()}:
            taken |= {*items.values()}
            first, *_, last = items.values()
            doubts.append(
                f"{first} to {last} are called as the items of {instrument.title} are, but their answers "
                f"({', '.join(answers)}) fit none of its codings; a table with schema: {name} and recode says what "
                "each answer means (docs/new_study.md, section 3)"
            )
    return doubts


def _called(columns: Collection[str]) -> Iterator[tuple[str, Instrument, dict[str, str]]]:
    """The questionnaires that columns are called as: name, instrument, and item -> raw column."""
    groups: dict[str, dict[int, str]] = {}
    for raw in columns:
        if match := NUMBERED.fullmatch(raw):
            groups.setdefault(_plain(match[1]), {})[int(match[2])] = raw
    for name in declared("instruments"):
        instrument = instrument_of(name)
        if items := _items(name, instrument, groups, columns):
            yield name, instrument, items


def _answers(items: Mapping[str, str], columns: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    """The answers to some items, in lower case, with how often each was given."""
    counts = Counter[str]()
    for raw in items.values():
        counts.update({text.lower(): n for text, n in columns[raw].items()})
    return counts


def _items(
    name: str, instrument: Instrument, groups: Mapping[str, Mapping[int, str]], columns: Collection[str]
) -> dict[str, str]:
    """Item -> raw column, where the file has all of them; nothing else."""
    items = [item.name for item in instrument.items if item.name not in instrument.optional]
    lower, plain = {raw.lower(): raw for raw in columns}, {_plain(raw): raw for raw in columns}
    if items and all(item in lower for item in items):
        return {item: lower[item] for item in items}
    names = {_plain(name), _plain(instrument.title), re.sub(r"[0-9]+", "", _plain(name)), *instrument.aliases} - {""}
    called = {item.name: item.also for item in instrument.items if item.name in items}
    for begin in ("", *names):
        found = {i: raw for i, also in called.items() for one in also if (raw := plain.get(begin + one))}
        if len(found) == len(items) and len({*found.values()}) == len(items):
            return found
    if len(items) < 2 or not all(re.search(r"_[0-9]+$", item) for item in items):
        return {}
    wanted = {int(item.rpartition("_")[2]): item for item in items}
    for stem, numbered in groups.items():
        # the q of phq1 is read as that of q1
        if any(stem in (one, f"{one}item", f"{one}q", one.removesuffix("q")) for one in names) and {*wanted} <= {
            *numbered
        }:
            return {item: numbered[number] for number, item in wanted.items()}
    return {}


def _coding(instrument: Instrument, counts: Counter[str]) -> str | None:
    """The coding that the answers have, "" for the own codes; None where too few of them fit any that is known."""
    if suggested := instrument.suggest_coding(counts):
        return suggested
    total = sum(counts.values())
    fits = {name: sum(counts[code] for code in codes) / max(total, 1) for name, codes in instrument.codings.items()}
    try:
        instrument.coding("")
    except Fault:
        pass
    else:
        own = {code for item in instrument.items for code in item.codes()}
        fits = {"": sum(counts[code] for code in own) / max(total, 1) if own and total else 1.0, **fits}
    best = max(fits, key=lambda name: fits[name])
    return best if fits[best] >= SHARE else None


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
