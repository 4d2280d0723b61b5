"""What of a study's numbers may leave: small cells, and whatever gives them away, are held back. Share mode.

Every writer of what leaves (report page, tables, CSV, ARS, packet) takes its numbers from ``shared_rows``, and from
nothing else. A number that is held back keeps its row, without a value and with the reason; the others are rounded to
the decimals that are displayed, since a stored digit more gives away the count behind a mean.

The rules, with the threshold of the plan (5):

- a count of 1 to 4 units; what it can be worked out from (levels, groups, populations, flow, those left out, nested
  thresholds), by ``statistics/basic/suppression``; and shares, intervals and tests of a row whose count is held back;
- a result of fewer than 5 units, in any group of a contrast;
- the value of one unit (minimum, maximum, an analysis without one unit), and quantiles with fewer than 5 units beyond;
- of two results of the same method whose units differ by 1 to 4, the one of fewer units (differencing).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace import store
from omtrace.model.contrast import EVERYBODY, contrast_of
from omtrace.model.estimate import Estimate
from omtrace.model.plan import Plan
from omtrace.model.statistics import (
    NOT_COMPUTED,
    OF_EVENTS,
    OF_ONE_UNIT,
    OF_UNITS,
    QUANTILES,
    Role,
    is_share,
    statistic_of,
)
from omtrace.statistics.basic.suppression import Relation, is_small, suppressed

if TYPE_CHECKING:
    import pandas

SMALL, SECONDARY, ROW = "a small count", "gives another away", "of a count that is held back"
FEW, ONE, QUANTILE, DIFFERENCE = "of few units", "of one unit", "few units beyond", "differs by few units from another"
SIZES = ("n", "missing", "n_a", "n_b", "n_nonzero")
# Methods whose levels hold one another, and the counts that do: of thresholds, and of times.
NESTED = {"responder_grid": "count", "time_to_event": "at_risk"}
PLACE = ("analysis", "parameter", "population", "visit")
SIZED = (Role.DF, Role.STANDARD_ERROR, Role.TEST)  # what a size can be worked out from
SMALL_NUMBER = re.compile(r"\b\d+\b")  # of the reason why something is not computed
OUTSIDE = "not in population"  # how the reasons of those outside of one begin
NOWHERE = "no value at any visit"  # how those of units begin that a model of several visits leaves out whole
LEFT_OUT = ("excluded", "left out", "screened out")  # how levels of the flow begin that count them
KEPT = (Role.SETTING, Role.REFUSAL)
VALUED = (Role.EFFECT, Role.ESTIMATE, Role.LOW, Role.HIGH, Role.SD, Role.STANDARD_ERROR)


def shared_rows(plan: Plan, rows: Sequence[Estimate], folder: str | Path) -> list[Estimate]:
    """The estimates as they may leave.

    Parameters
    ----------
    plan
        The plan, its groups filled in.
    rows
        All rows of estimates.csv.
    folder
        The study's folder of results, with row sets and data sets.

    Returns
    -------
    list of Estimate
        The rows in their order; ``suppressed``: why there is no value, "" where there is one. Steps of survival curves
        are not among them, since what they are called by is the time of an event.
    """
    threshold = plan.disclosure.threshold
    beside: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in rows:
        beside[_line(row)].add(row.statistic)
    why = _reasons(plan, rows, beside, _Units(plan, Path(folder)), threshold) if threshold > 1 else {}
    found = []
    for row in rows:
        if row.statistic in OF_EVENTS and threshold > 1:
            continue
        reason = why.get(row.id, "")
        value = "" if reason else row.text
        if value and threshold > 1:
            value = rounded(row, is_share(row.statistic, beside[_line(row)]))
        is_refusal = row.statistic == NOT_COMPUTED and threshold > 1
        level = SMALL_NUMBER.sub("few", row.level) if is_refusal else row.level
        found.append(replace(row, level=level, text=value, suppressed=reason))
    return found


def rounded(row: Estimate, share: bool) -> str:
    """The value of a row to the decimals that are displayed; of a p value below them, to two digits."""
    decimals, value = row.decimals, row.text
    if statistic_of(row.statistic).role is Role.P_VALUE and float(value) < 0.5 * 10**-decimals:
        return store.probability_text(float(f"{float(value):.2g}"))
    text = store.display(value, decimals).replace("\N{MINUS SIGN}", "-")
    return store.number_text(float(text)) if share or decimals else text


def _line(row: Estimate) -> tuple[str, ...]:
    return tuple(row[part] for part in (*PLACE, "group", "level"))


class _Units:
    """Who stands behind row sets: the units that each uses, and their groups."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.of: dict[str, tuple[str, frozenset[str]]] = {}
        frame = store.read_table(folder / "rowsets.parquet")
        frame["reason"] = frame["reason"].fillna("")
        self.out: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)  # of a row set by reason
        self.group: dict[str, dict[str, str]] = {}
        self.enrolled: dict[str, dict[str, frozenset[str]]] = {}
        for name, part in frame.groupby("dataset"):
            records = store.read_table(folder / f"datasets/{name}.parquet")
            unit = records.set_index("record")["unit"]
            self._groups(str(name), records)
            pairs = part.assign(unit=part["record"].map(unit))[["rowset", "reason", "unit"]].drop_duplicates()
            for (rowset, reason), units in pairs.groupby(["rowset", "reason"])["unit"]:
                if reason:
                    self.out[str(rowset)][str(reason)] = frozenset(units)
                else:
                    self.of[str(rowset)] = (str(name), frozenset(units))

    def _groups(self, name: str, records: "pandas.DataFrame") -> None:
        parameter = self.plan.datasets[name].group
        mine = records[(records["parameter"] == parameter) & (records["status"] == "observed")]
        self.group[name] = dict(zip(mine["unit"], mine["text"], strict=True)) if parameter else {}
        everybody = frozenset(records["unit"])
        parts: dict[str, set[str]] = defaultdict(set)
        for unit in everybody:
            parts[self.group[name].get(unit, "")].add(unit)
        self.enrolled[name] = {**{group: frozenset(units) for group, units in parts.items()}, EVERYBODY: everybody}

    def counted(self, row: Estimate, count: "_Count", value: int) -> frozenset[str]:
        """Which units a number counts, whatever it is called; none where row sets do not say.

        The counted are some of those used, or left out for a reason; as many as these, they are these.
        """
        label = count.level.rpartition("}: ")[2]
        out = self.out.get(row.rowset, {})
        kind, _, why = label.partition(": ")
        if label == "enrolled":
            units = self.enrolled[count.dataset][EVERYBODY]
        elif count.kind == "missing":
            units = self._of_group(count, self._missing(out, OUTSIDE))
            units = units if len(units) == value else self._missing(out, OUTSIDE, NOWHERE)
        elif kind in LEFT_OUT:
            within = f"{OUTSIDE} {count.population}"
            reasons = {why, f"{within}: {why}", *([within] if why == "not in it" else [])}
            units = frozenset().union(*(part for reason, part in out.items() if reason in reasons))
        elif count.kind == "n":
            units = self.of.get(row.rowset, ("", frozenset[str]()))[1]
        else:
            return frozenset()
        units = self._of_group(count, units)
        return units if len(units) == value else frozenset()

    @staticmethod
    def _missing(out: Mapping[str, frozenset[str]], *others: str) -> frozenset[str]:
        """The units left out, but for reasons that begin otherwise."""
        return frozenset().union(*(units for reason, units in out.items() if not reason.startswith(others)))

    def _of_group(self, count: "_Count", units: frozenset[str]) -> frozenset[str]:
        if count.group not in self.plan.datasets[count.dataset].groups:
            return units
        group = self.group[count.dataset]
        return frozenset(unit for unit in units if group.get(unit) == count.group)

    def fewest(self, row: Estimate, groups: Mapping[str, str]) -> int:
        """How many units a number rests on; of a contrast, in the smaller of its groups."""
        dataset, units = self.of.get(row.rowset, ("", frozenset()))
        contrast = contrast_of(row.group, groups)
        if contrast is None or not units:
            return len(units)
        counts = Counter(self.group[dataset].get(unit, "") for unit in units)
        of_both = [counts[side] for side in (contrast.group, contrast.reference)]
        return min(of_both) if any(of_both) else len(units)


def _reasons(
    plan: Plan, rows: Sequence[Estimate], beside: Mapping[tuple[str, ...], set[str]], units: _Units, threshold: int
) -> dict[str, str]:
    """Why each number is held back, of those that are."""
    counts = _Counts(plan, rows, units, threshold)
    why = dict(counts.held())
    hidden = _Hidden(counts, [row for row in rows if row.id in why])
    sized = {tuple(row[p] for p in PLACE) for row in rows if row.id in why and row.statistic in SIZES}
    for row in rows:
        statistic, number = statistic_of(row.statistic), row.id
        if number in why or statistic.role in KEPT or not row.text:
            continue
        groups = plan.datasets[plan.analyses[row.analysis].dataset].groups
        fewest = units.fewest(row, groups)
        if row.statistic in OF_UNITS:
            continue
        if row.statistic in OF_ONE_UNIT:
            why[number] = ONE
        elif is_small(fewest, threshold):
            why[number] = FEW
        elif fewest * QUANTILES.get(row.statistic, 1) < threshold and row.statistic in QUANTILES:
            why[number] = QUANTILE
        elif statistic.role is Role.DECISION:
            continue  # a word, for which many counts would do
        elif hidden.gives_away(row, beside[_line(row)]):
            why[number] = ROW
        elif tuple(row[p] for p in PLACE) in sized and statistic.role in SIZED:
            why[number] = ROW
    why |= _differenced(plan, [row for row in rows if row.id not in why], units, threshold)
    return why


def _differenced(plan: Plan, rows: Iterable[Estimate], units: _Units, threshold: int) -> Iterator[tuple[str, str]]:
    """Of results whose units differ by few, those of fewer units; a primary analysis before any other."""
    alike: dict[tuple[str, ...], list[Estimate]] = defaultdict(list)
    for row in rows:
        if statistic_of(row.statistic).role in VALUED and row.rowset in units.of and row.text:
            entry = plan.analyses[row.analysis]
            key = (entry.dataset, entry.method, *(row[p] for p in ("parameter", "group", "visit", "statistic")))
            alike[key].append(row)
    for mine in alike.values():
        if len({row.rowset for row in mine}) > 1:
            kept: dict[frozenset[str], None] = {}
            first = sorted(
                mine,
                key=lambda r: (plan.analyses[r.analysis].role != "primary", -len(units.of[r.rowset][1])),
            )
            for row in first:
                own = units.of[row.rowset][1]
                if any(is_small(len(own ^ other), threshold) for other in kept):
                    yield row.id, DIFFERENCE
                else:
                    kept[own] = None


@dataclass(frozen=True)
class _Count:
    """What is counted: ``kind`` is the statistic without the side of a contrast that it is of."""

    dataset: str
    parameter: str
    population: str
    group: str
    visit: str
    level: str
    kind: str


@dataclass
class _Counts:
    """The counts of units of a study, and every relation among them that people could use.

    Counts of the same units are one, whatever they are called and wherever they stand; so is, where row sets do not say
    which units, the same count with the same value in two analyses. Everybody knows how many were enrolled in a group,
    unless one is small.
    """

    plan: Plan
    rows: Sequence[Estimate]
    units: _Units
    threshold: int
    values: list[int] = field(default_factory=list)
    shown: list[bool] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    ids: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    places: dict[frozenset[str] | tuple[_Count, int], int] = field(default_factory=dict)
    sets: dict[int, frozenset[str]] = field(default_factory=dict)
    fixed: set[int] = field(default_factory=set)

    def held(self) -> Iterator[tuple[str, str]]:
        """Ids of counts that are held back, with the reason."""
        by_analysis: dict[str, dict[_Count, int]] = defaultdict(dict)
        for row in self.rows:
            if row.statistic in OF_UNITS and row.text:
                count, value = self.count_of(row), round(row.value)
                units = self.units.counted(row, count, value)
                at = self.places.setdefault(units or (count, value), len(self.values))
                if at == len(self.values):
                    self.sets[at] = units
                    self.values.append(value)
                    self.shown.append(True)
                self.ids[at].append(row.id)
                by_analysis[row.analysis][count] = at
        for groups in self.units.enrolled.values():
            if not any(is_small(len(units), self.threshold) for units in groups.values()):
                self.fixed |= {self.places[units] for units in groups.values() if units in self.places}
        for name, counts in by_analysis.items():
            self._relate(name, counts)
        self._populations(by_analysis.values())
        for at in suppressed(self.values, self.shown, self.relations, self.threshold, self._costs()):
            reason = SMALL if is_small(self.values[at], self.threshold) else SECONDARY
            yield from ((number, reason) for number in self.ids[at])

    def _costs(self) -> dict[int, int]:
        """Counts that readers miss most: those of primary analyses, then those of whole groups, without a level."""
        roles = {row.id: self.plan.analyses[row.analysis].role for row in self.rows}
        plain = {row.id for row in self.rows if not row.level}
        costs = {}
        for at, ids in self.ids.items():
            primary = any(roles[number] == "primary" for number in ids)
            costs[at] = 2 if primary else int(not plain.isdisjoint(ids))
        return costs

    def count_of(self, row: Estimate) -> _Count:
        """What a number counts."""
        dataset = self.plan.analyses[row.analysis].dataset
        kind, group, level = row.statistic, row.group, row.level
        contrast = contrast_of(group, self.plan.datasets[dataset].groups)
        if contrast and kind.endswith(("_a", "_b")):
            group = contrast.group if kind.endswith("_a") else contrast.reference
            kind = kind[:-2]
        return _Count(dataset, row.parameter, row.population, group, row.visit, level, kind)

    def _add(self, terms: Iterable[tuple[int, int]], total: int = 0) -> None:
        """A relation, with what it leaves out as a count of its own, where it leaves out some. Below 0: it is none."""
        whole: Counter[int] = Counter()
        before = total
        for i, coefficient in terms:
            if i in self.fixed:
                total -= coefficient * self.values[i]
            else:
                whole[i] += coefficient
        rest = total - sum(c * self.values[i] for i, c in whole.items())
        if rest < 0:
            return
        if rest:
            whole[len(self.values)] += 1
            self.values.append(rest)
            self.shown.append(False)
        whole = Counter({i: c for i, c in whole.items() if c})
        if len(whole) > 1 or any(not self.shown[i] or total != before for i in whole):
            self.relations.append(Relation(dict(whole), total))

    def _relate(self, analysis: str, counts: Mapping[_Count, int]) -> None:
        """The relations within an analysis: groups, levels, sizes, flow, nested thresholds."""
        dataset = self.plan.datasets[self.plan.analyses[analysis].dataset]
        groups: dict[_Count, list[int]] = defaultdict(list)
        bases: dict[_Count, dict[_Count, int]] = defaultdict(dict)
        for count, at in counts.items():
            if count.group in dataset.groups:
                groups[_with(count, group=EVERYBODY)].append(at)
            bases[_with(count, level="", kind="")][count] = at
        for whole, parts in groups.items():
            if whole in counts:
                self._add([(i, 1) for i in parts] + [(counts[whole], -1)])
        for base, mine in bases.items():
            self._levels(base, mine, counts)
        if self.plan.analyses[analysis].method in ("flow", "populations"):
            self._flow(counts)
        if kind := NESTED.get(self.plan.analyses[analysis].method):
            self._nested(counts, kind)

    def _levels(self, base: _Count, mine: Mapping[_Count, int], counts: Mapping[_Count, int]) -> None:
        enrolled = self.units.enrolled.get(base.dataset, {}).get(base.group)
        by_kind: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for count, at in mine.items():
            whole = counts.get(_with(count, kind="n"), counts.get(_with(base, kind="n")))
            if count.kind == "n" and enrolled is not None:
                self._size(count, at, counts, enrolled)
            elif count.kind not in ("n", "missing", "events") and whole is not None:
                self._add([(at, 1), (whole, -1)])
                by_kind[count.kind].append((at, whole))
        for pairs in by_kind.values():
            if len(pairs) > 1 and len({whole for _, whole in pairs}) == 1:
                self._add([*((at, 1) for at, _ in pairs), (pairs[0][1], -1)])

    def _size(self, count: _Count, at: int, counts: Mapping[_Count, int], enrolled: frozenset[str]) -> None:
        """How many have a value, and how many of those enrolled, or in the population, have none."""
        missing = counts.get(_with(count, kind="missing"))
        both = self.values[at] + (self.values[missing] if missing is not None else 0)
        if missing is not None:
            units = self.sets[at] | self.sets[missing]
            units = units if len(units) == both else frozenset()
            if units and units < enrolled and units not in self.places:
                self._unpublished(units, enrolled)
            self._part([(at, 1), (missing, 1)], units, both)
        if missing is None or both != len(enrolled):
            self._part([(at, 1)], enrolled, len(enrolled))

    def _unpublished(self, units: frozenset[str], enrolled: frozenset[str]) -> None:
        """A part of those enrolled that no table counts, as the units of a model: nobody knows how many they are."""
        self.places[units] = at = len(self.values)
        self.values.append(len(units))
        self.shown.append(False)
        others = self.places.get(enrolled - units)
        self._add([(at, 1), *([(others, 1)] if others is not None else [])], len(enrolled))

    def _part(self, terms: Sequence[tuple[int, int]], whole: frozenset[str], size: int) -> None:
        """Counts as parts of a whole: another count, where it is one, or else a number that everybody knows."""
        if whole in self.places:
            self._add([*terms, (self.places[whole], -1)])
        else:
            self._add(terms, size)

    def _flow(self, counts: Mapping[_Count, int]) -> None:
        """Those enrolled are those who are analysed, or in the population, and those who are left out."""
        begun = {_with(c, visit="", level=""): i for c, i in counts.items() if c.level.endswith("enrolled")}
        parts: dict[_Count, list[int]] = defaultdict(list)
        for count, at in counts.items():
            label = count.level.rpartition("}: ")[2]
            if label.startswith(("excluded", "left out", "analysed", "in the population")):
                parts[_with(count, level="")].append(at)
        for base, mine in parts.items():
            if (whole := begun.get(_with(base, visit=""))) is not None:
                self._add([*((i, 1) for i in mine), (whole, -1)])

    def _nested(self, counts: Mapping[_Count, int], kind: str) -> None:
        """Of thresholds, those who pass one and not the next; of times, those who are at risk at one alone."""
        series: dict[_Count, list[int]] = defaultdict(list)
        for count, at in counts.items():
            if count.kind == kind:
                series[_with(count, level=count.level.rpartition(" ")[2])].append(at)
        for mine in series.values():
            order = sorted(set(mine), key=lambda i: self.values[i])
            for less, more in zip(order, order[1:], strict=False):
                self._add([(less, 1), (more, -1)])

    def _populations(self, analyses: Iterable[Mapping[_Count, int]]) -> None:
        """Of each count those who are not in a population, wherever it stands for all units as well."""
        found: dict[_Count, set[int]] = defaultdict(set)
        for counts in analyses:
            for count, at in counts.items():
                found[count].add(at)
        for count, mine in found.items():
            entry = self.plan.datasets[count.dataset].populations.get(count.population)
            if entry and entry.where and count.kind not in ("missing", "events"):
                for whole in found.get(_with(count, population="full"), ()):
                    for at in mine:
                        self._add([(at, 1), (whole, -1)])


class _Hidden:
    """The counts that are held back, and what gives them away."""

    def __init__(self, counts: _Counts, rows: Iterable[Estimate]) -> None:
        self.counts = counts
        self.places: set[tuple[str, _Count]] = set()  # analysis and count, without kind
        self.sizes: set[tuple[str, _Count]] = set()
        for row in rows:
            count = counts.count_of(row)
            if count.kind in SIZES:
                self.sizes.add((row.analysis, _with(count, kind="")))
            else:
                self.places.add((row.analysis, _with(count, kind="")))

    def gives_away(self, row: Estimate, beside: set[str]) -> bool:
        """Whether a number gives away a count that is held back: of its own line, or of a side of its contrast."""
        dataset = self.counts.plan.analyses[row.analysis].dataset
        contrast = contrast_of(row.group, self.counts.plan.datasets[dataset].groups)
        sides = (contrast.group, contrast.reference) if contrast else (row.group,)
        place = _Count(dataset, row.parameter, row.population, "", row.visit, row.level, "")
        mine = [_with(place, group=side) for side in sides]
        if any((row.analysis, one) in self.places for one in mine):
            return True
        if row.statistic.startswith("threshold"):  # of cumulative shares
            levels = {(name, _with(count, level="", group="")) for name, count in self.places}
            return (row.analysis, _with(place, level="")) in levels
        of_shares = any(is_share(name, beside) or name in ("count", "percent") for name in beside)
        return of_shares and any(
            (row.analysis, one) in self.sizes for side in mine for one in (side, _with(side, level=""))
        )


def _with(count: _Count, **parts: str) -> _Count:
    return _Count(**{**vars(count), **parts})
