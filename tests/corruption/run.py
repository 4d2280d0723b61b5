"""Apply every operator at random places and tell what the checks found; writes docs/corruption.md."""

import argparse
import multiprocessing
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest
from omtrace.provenance.keys import key_text
from omtrace.validation import reading
from omtrace.validation.findings import Finding
from omtrace.validation.identifiers import shapes
from omtrace.validation.validate import Validation
from pandas import DataFrame

from . import everything
from .models import disagreements
from .operators import FOUND, OPERATORS, RIGHT, Damage, Operator, Spot
from .study import Study, new_findings

TRIES = 400  # places that may not serve before one does
TOGETHER = 12  # damaged cells that share a run
WORST = ("stop", "quarantine", "warn", "note")


@dataclass(frozen=True)
class Outcome:
    """What became of one damage: ``found``, ``read right``, ``missed`` or ``crash``, and the findings at its place.

    ``models``: where the pandera models of the damaged tables and the pipeline do not agree.
    """

    operator: str
    study: str
    result: str
    severity: str = ""
    rules: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    spots: tuple = ()
    models: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return self.result in (FOUND, RIGHT) if OPERATORS[self.operator].wanted == FOUND else self.result == RIGHT


def judged(
    operator: Operator, study: Study, damage: Damage, new: list[Finding], now: Validation, same: bool
) -> Outcome:
    """The outcome of one damage from the new findings of a run."""
    here = [f for f in new if any(spot.named_by(f) or related(study, damage, spot, f, now) for spot in damage.spots)]
    named = {id(f) for f in here}
    there = tuple(sorted({f"{f.rule} {Path(f.file).name}:{f.line} {f.column}" for f in new if id(f) not in named}))[:6]
    rules = tuple(sorted({f.rule for f in here}))
    severity = min((f.severity for f in here), key=WORST.index, default="")
    firm = [f for f in here if f.severity in ("stop", "quarantine", "warn")]
    if same and not firm and (operator.wanted == RIGHT or not here):
        result = RIGHT
    else:
        result = FOUND if here else "missed"
    return Outcome(operator.name, study.name, result, severity, rules, there, damage.spots)


def related(study: Study, damage: Damage, spot: Spot, finding: Finding, now: Validation) -> bool:
    """Whether a finding at another cell names the damaged one: a rule over several cells is reported at one of them.

    Either it is a declared rule over columns of the row, or it stands in the row and names the column, or it names the
    row's key, or the unit and the column.
    """
    if not finding.key or not spot.columns:
        return False
    work = now.works[finding.table]
    names = {c.name for w in now.works.values() for c in w.table.columns if w.plan.raw(c.name) in spot.columns}
    columns = next((rule.columns for rule in work.table.rules if rule.id == finding.rule), ())
    if finding.file == spot.file and names & set(columns) and (not spot.lines or finding.line in spot.lines):
        return True
    words = set(re.findall(r"[\w:]+", finding.expected))
    if finding.file == spot.file and finding.line in spot.lines and words & names:
        return True
    if not spot.lines:
        return bool(words & names)
    keys = study.keys_at(spot.file, spot.lines)
    if words & {key_text(key) for key in keys}:
        return finding.column in spot.columns
    if finding.key not in work.frame.index or not words & names:
        return False
    # The row is of the damaged unit, or names it: the sessions that a provider gave.
    return bool(damage.units & {*work.frame.loc[finding.key].astype("str")})


def unchanged(study: Study, damage: Damage, now: dict[str, DataFrame]) -> bool:
    """Whether every row with a damaged cell is kept (``now``) and holds the values of the clean file."""
    for key in {key for file, line, _ in damage.cells for key in study.keys_at(file, {line})}:
        for name, was in study.kept.items():
            is_ = now[name]
            if (key in was.index) != (key in is_.index):
                return False
            if key in was.index and was.loc[[key]].compare(is_.loc[[key]]).size:
                return False
    return True


def same_content(study: Study, now: dict[str, DataFrame]) -> bool:
    """Whether the rows that are kept hold the same, wherever they stand."""
    for name, was in study.kept.items():
        made = ["unit_id"] if "@row" in study.plan.tables[name].unit else []
        one, two = (frame.drop(columns=made).astype("str") for frame in (was, now[name]))
        if len(one) != len(two) or (not one.equals(two) and _sorted(one) != _sorted(two)):
            return False
    return True


def _sorted(frame: DataFrame) -> list[tuple]:
    return sorted(map(tuple, frame.to_numpy().tolist()))


class Bench:
    """The studies, each validated once as it is, and the damage that is done to them."""

    def __init__(self, folder: Path, further: Path | None = None) -> None:
        self.folder, self.further = folder, further
        self.studies: dict[str, Study] = {}

    def study(self, name: str) -> Study:
        if name not in self.studies:
            self.studies[name] = everything.study(name, self.folder / name, self.further)
        return self.studies[name]

    def damages(self, operator: Operator, each: int) -> Iterator[tuple[Study, Damage]]:
        """Seeded damage at ``each`` places, over the operator's studies in turn."""
        start = sum(map(ord, operator.name)) if operator.single else 0
        for n in range(start, start + each):
            for attempt in range(TRIES):
                study = self.study(operator.studies[(n + attempt) % len(operator.studies)])
                damage = operator.make(study, Random(f"{operator.name} {n} {attempt}"))
                if damage is not None:
                    yield study, damage
                    break
            else:
                raise AssertionError(f"{operator.name}: no place to damage")

    def outcomes(self, operators: Iterable[Operator], each: int) -> list[Outcome]:
        """The outcome of every operator at ``each`` places."""
        found, shared = [], []
        for operator in operators:
            for study, damage in self.damages(operator, each):
                if (operator.single and damage.cells) or precise(damage):
                    shared.append((operator, study, damage))
                else:
                    found += self.applied(study, [(operator, damage)])
        for study, together in _batches(shared):
            found += self.applied(study, together)
        return found

    def applied(self, study: Study, damages: list[tuple[Operator, Damage]]) -> list[Outcome]:
        """The outcomes of damage that is done in one run."""
        files, moves = {}, {}
        for _, damage in damages:
            files |= damage.files
            moves |= damage.moves
        cells = {cell: text for _, damage in damages for cell, text in damage.cells.items()}
        for path in {path for path, _, _ in cells}:
            records = study.records(path)
            for (file, line, column), text in cells.items():
                if file == path:
                    records.change(line, {column: text})
            files[path], moves[path] = records.content(), records.moves()
        try:
            now = study.validate(files)
        except Exception as fault:
            if len(damages) > 1:  # which one it was is seen in runs of their own
                return [outcome for one in damages for outcome in self.applied(study, [one])]
            says = (f"{type(fault).__name__}: {fault}"[:200],)
            return [Outcome(o.name, study.name, "crash", elsewhere=says, spots=d.spots) for o, d in damages]
        new = new_findings(study.clean, now, moves)
        kept = {name: work.kept() for name, work in now.works.items()}
        same = len(damages) == 1 and not damages[0][1].cells and same_content(study, kept)
        works = [w for w in now.works.values() if any(s.export.path in files for s in w.sources.values())]
        models = tuple(text for work in works for text in disagreements(work))
        found = []
        for operator, damage in damages:
            right = unchanged(study, damage, kept) if damage.cells else same
            outcome = replace(judged(operator, study, damage, new, now, right), models=models)
            if len(damages) > 1 and not outcome.good:  # other damage may have hidden it
                found += self.applied(study, [(operator, damage)])
            else:
                found.append(outcome)
        return found


def precise(damage: Damage) -> bool:
    """Whether the finding must name a line or a well below the header, so that other damage cannot pass for it."""
    inside = all(spot.file in damage.files for spot in damage.spots)
    return bool(damage.files) and inside and all(spot.part or min(spot.lines, default=0) > 1 for spot in damage.spots)


def _batches(shared: list[tuple[Operator, Study, Damage]]) -> Iterator[tuple[Study, list[tuple[Operator, Damage]]]]:
    """Damage in groups that share a run: no two in one column or row or of one unit; a rewritten file stands alone."""
    groups: list[tuple[Study, list[tuple[Operator, Damage]], set, set]] = []
    for operator, study, damage in shared:
        names = {(file, column) for file, _, column in damage.cells} | {(file, line) for file, line, _ in damage.cells}
        names |= set(damage.units)
        for spot in damage.spots if damage.files else ():
            names |= {unit for line in spot.lines for unit in study.units_at(spot.file, line)}
        paths = set(damage.files) | {path for path, _, _ in damage.cells}
        for other, group, taken, rewritten in groups:
            apart = not (taken & names or paths & rewritten or (damage.files and _paths(group) & paths))
            if other is study and len(group) < TOGETHER and apart:
                group.append((operator, damage))
                taken |= names
                rewritten |= set(damage.files)
                break
        else:
            groups.append((study, [(operator, damage)], set(names), set(damage.files)))
    yield from ((study, group) for study, group, _, _ in groups)


def _paths(group: list[tuple[Operator, Damage]]) -> set[str]:
    return {path for _, damage in group for path in (*damage.files, *(cell[0] for cell in damage.cells))}


def searched_once(search: Callable) -> Callable:
    """A search of texts, made once for the same texts: most columns of a damaged study are as they were."""
    known: dict[tuple, tuple[str, int]] = {}

    def search_once(texts: Sequence[str], joined: str, passing: shapes.Passing | None = None) -> tuple[str, int]:
        key = joined, tuple(texts)
        if key not in known:
            known[key] = search(texts, joined, passing)
        return known[key]

    return search_once


def guarded_once(search: Callable) -> Callable:
    """The guards of the texts of a file, looked at once for the same file: most files of a study are not damaged."""
    known: dict[tuple, shapes.Passing] = {}

    def guard_once(distinct: Sequence) -> shapes.Passing:
        key = tuple(tuple(column.to_pylist()) for column in distinct)
        if key not in known:
            known[key] = search(distinct)
        return known[key]

    return guard_once


def measured(names: list[str], each: int, further: Path | None = None) -> list[Outcome]:
    """The outcomes of the operators named."""
    everything.load()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "anywhere", searched_once(shapes.anywhere))
        patch.setattr(reading, "guarded", guarded_once(reading.guarded))
        return Bench(Path(folder), further).outcomes([OPERATORS[name] for name in names], each)


def measured_together(names: list[str], each: int, further: Path | None = None) -> list[Outcome]:
    """The same in two processes."""
    parts = [names[0::2], names[1::2]]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        found = [pool.submit(measured, part, each, further) for part in parts if part]
        return [outcome for part in found for outcome in part.result()]


def main() -> int:
    """Measure and write the page."""
    from .page import write

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=3, help="places an operator")
    parser.add_argument("--only", nargs="*", default=[], help="names of operators; the page is not written then")
    parser.add_argument("--show", action="store_true", help="each miss, with its place")
    parser.add_argument("--checks", type=Path, help="YAML of further checks by study; the page is not written then")
    chosen = parser.parse_args()
    everything.load()
    names = [name for name in OPERATORS if not chosen.only or name in chosen.only]
    outcomes = measured_together(names, chosen.each, chosen.checks)
    for outcome in outcomes:
        if (chosen.show and not outcome.good) or chosen.only:
            print(outcome)
    if not chosen.only and not chosen.checks:
        write(outcomes, chosen.each)
    good = sum(outcome.good for outcome in outcomes)
    print(f"{len(names)} operators, {len(outcomes)} places: {good} found or read right ({good / len(outcomes):.1%})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
