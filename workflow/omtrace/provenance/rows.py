"""The row set of a number: the records it rests on, and those of the units that it leaves out."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from omtrace.faults import Fault
from omtrace.provenance.contents import Contents

if TYPE_CHECKING:
    import numpy

Kind = tuple[str, str]  # role, reason ("" = used)
WORD = 63  # bits of a sort key


def _address(listed: list) -> str:
    """The address of a row set from its roles and reasons, each with the digest of its records."""
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]


NO_RECORDS = _address([])  # the row set of a number behind which there is no record; no row of rowsets.parquet names it


@dataclass(frozen=True, eq=False)
class Entries:
    """Records, each with its role and reason: ``record`` (n,), and ``kind`` (n,), a count within ``kinds``."""

    record: "numpy.ndarray"
    kind: "numpy.ndarray"
    kinds: tuple[Kind, ...]

    @classmethod
    def of(cls, entries: Iterable[tuple[int, str, str]]) -> "Entries":
        """From record, role and reason of each."""
        import numpy

        listed = list(entries)
        kinds = {kind: at for at, kind in enumerate(dict.fromkeys((role, reason) for _, role, reason in listed))}
        record = numpy.array([record for record, _, _ in listed], dtype=numpy.int64)
        kind = numpy.array([kinds[role, reason] for _, role, reason in listed], dtype=numpy.int64)
        return cls(record, kind, tuple(kinds))

    def __len__(self) -> int:
        return len(self.record)

    def __iter__(self) -> Iterator[tuple[int, str, str]]:
        """Record, role and reason of each."""
        for record, kind in zip(self.record.tolist(), self.kind.tolist(), strict=True):
            yield record, *self.kinds[kind]


@dataclass(frozen=True)
class Rows:
    """The records behind a number: used ones with role, and the ones of excluded units with role and reason."""

    dataset: str
    entries: Entries
    expected: int
    used: int
    excluded: int

    def __post_init__(self) -> None:
        if self.expected != self.used + self.excluded:
            raise AssertionError(f"{self.expected} units expected, {self.used} used and {self.excluded} excluded")


def united(parts: Sequence[Rows], unit_of: Mapping[int, str]) -> Rows:
    """The row set of a number that rests on several others: a unit is used where one of them uses it.

    Records of a used unit that no part uses are left out of it. Raises Fault for parts of several datasets.
    """
    if len({rows.dataset for rows in parts}) > 1:
        raise Fault("a number cannot rest on records of several datasets")
    used: dict[str, set] = {}
    lost: dict[str, set] = {}
    for record, role, reason in (entry for rows in parts for entry in rows.entries):
        (lost if reason else used).setdefault(unit_of[record], set()).add((record, role, reason))
    entries = [entry for records in used.values() for entry in sorted(records)]
    alone = {unit: found for unit, found in lost.items() if unit not in used}
    for found in alone.values():
        reason = sorted(reason for _, _, reason in found)[0]
        entries += sorted({(record, role, reason) for record, role, _ in found})
    return Rows(parts[0].dataset, Entries.of(entries), len(used) + len(alone), len(used), len(alone))


def addresses(sets: Sequence[Rows], contents: Contents) -> list[str]:
    """The content address of each row set: 16 hex digits over its roles and reasons, each with its records' content.

    Neither the order of entries nor the records' numbers matter; an entry counts once.
    """
    import numpy

    of, record, kind, kinds = stacked(sets, lambda role, reason: (role, reason))
    place = contents.place[record]
    if place.min(initial=0) < 0:
        raise AssertionError("a row set names a record that there is not")
    of, kind, place = ordered(of, kind, place)
    first = numpy.diff(of, prepend=-1) | numpy.diff(kind, prepend=-1)
    new = (first | numpy.diff(place, prepend=-1)) != 0
    of, kind, place, first = (part[new] for part in (of, kind, place, first))
    starts = numpy.flatnonzero(first)
    bounds = zip(starts.tolist(), [*starts[1:].tolist(), len(place)], strict=False)  # none where there are no entries
    digests = contents.digests([place[start:end] for start, end in bounds])
    lines: list[list] = [[] for _ in sets]
    for one, what, digest in zip(of[starts].tolist(), kind[starts].tolist(), digests, strict=True):
        lines[one].append((*kinds[what], digest))
    return [_address(listed) for listed in lines]


def table(sets: Mapping[str, Rows]) -> dict[str, Sequence]:
    """Row sets by address as the columns of rowsets.parquet: sorted, each entry once."""
    import numpy
    import pyarrow

    names = sorted(sets)
    of, record, kind, kinds = stacked([sets[name] for name in names], lambda role, reason: (role, reason))
    of, record, kind = ordered(of, record, kind)
    first = numpy.diff(of, prepend=-1) | numpy.diff(record, prepend=-1) | numpy.diff(kind, prepend=-1)
    of, record, kind = (part[first != 0] for part in (of, record, kind))
    texts = {
        "rowset": (of, names),
        "dataset": (of, [sets[name].dataset for name in names]),
        "role": (kind, [role for role, _ in kinds]),
        "reason": (kind, [reason for _, reason in kinds]),
    }
    columns = {
        name: pyarrow.array(words, pyarrow.string()).take(pyarrow.array(count))
        for name, (count, words) in texts.items()
    } | {"record": record}
    return {name: columns[name] for name in ("rowset", "dataset", "record", "role", "reason")}


class Stacked(NamedTuple):
    """Row sets as one: of each entry (n,) its set, its record and its kind, which counts within ``kinds``."""

    of: "numpy.ndarray"
    record: "numpy.ndarray"
    kind: "numpy.ndarray"
    kinds: list[Kind]


def stacked(sets: Sequence[Rows], key: "Callable[[str, str], tuple]") -> Stacked:
    """Row sets as one, the kinds sorted by ``key``."""
    import numpy

    lists = {id(rows.entries.kinds): rows.entries.kinds for rows in sets}  # those of one selection share a list
    kinds = sorted({kind for listed in lists.values() for kind in listed}, key=lambda kind: key(*kind))
    place = {kind: at for at, kind in enumerate(kinds)}
    places = {name: numpy.array([place[kind] for kind in listed], numpy.int64) for name, listed in lists.items()}
    none = [numpy.zeros(0, dtype=numpy.int64)]
    of = numpy.repeat(numpy.arange(len(sets)), [len(rows.entries) for rows in sets])
    record = numpy.concatenate(none + [rows.entries.record for rows in sets])
    kind = numpy.concatenate(none + [places[id(rows.entries.kinds)][rows.entries.kind] for rows in sets])
    return Stacked(of, record, kind, kinds)


def ordered(*counts: "numpy.ndarray") -> "list[numpy.ndarray]":
    """Entries sorted by counts from 0 (n,), the first before the second and so on: packed, they sort as one number."""
    import numpy

    bits = [int(count.max(initial=0)).bit_length() for count in counts]
    if sum(bits) > WORD:
        raise AssertionError(f"{sum(bits)} bits to sort by")
    packed = numpy.zeros(len(counts[0]), dtype=numpy.int64)
    for count, width in zip(counts, bits, strict=True):
        packed = packed << width | count
    packed.sort()
    found = []
    for width in reversed(bits):
        found.append(packed & ((1 << width) - 1))
        packed = packed >> width
    return found[::-1]
