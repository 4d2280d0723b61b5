"""The numbers of a flow analysis as its figure needs them: boxes, reasons, and that they add up."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from omtrace.analyses._shown import EXCLUDED, reason_shown
from omtrace.analyses.flow import THROUGHOUT
from omtrace.faults import Fault
from omtrace.figures._results import AGAIN, Name
from omtrace.figures._sheet import Group, Sheet
from omtrace.model.estimate import Estimate

ANALYSED = ("analysed", THROUGHOUT)


class Flow:
    """The numbers of a flow analysis.

    Parameters
    ----------
    sheet
        The figure's sheet.
    parameter
        Whose flow is drawn; "": the analysis' first.
    visits
        Those drawn; none: all that were analysed.
    by_group
        An arm a group, where the dataset has groups.
    """

    def __init__(self, sheet: Sheet, parameter: str, visits: Sequence[str], by_group: bool) -> None:
        if len(sheet.entry.analyses) != 1:
            raise Fault(f"{sheet.where}.analyses: a flow is of one analysis, not of {len(sheet.entry.analyses)}")
        self.sheet, self.analysis = sheet, sheet.entry.analyses[0]
        self.dataset = sheet.plan.datasets[sheet.plan.analyses[self.analysis].dataset]
        self.numbers = sheet.estimates.of(self.analysis, ["n"])
        parameters = list(dict.fromkeys(n.parameter for n in self.numbers))
        if not parameters:
            raise Fault(f"{sheet.where}: analysis {self.analysis!r} has no statistic 'n'; {AGAIN}")
        wanted = [parameter] if parameter else []
        self.parameter = sheet.select("parameter", wanted, parameters)[0]
        present = {n.visit for n in self.numbers if n.parameter == self.parameter and n.level == "analysed"}
        known = [v for v in ("", *self.dataset.visits) if v in present]
        self.visits = sheet.select("visits", visits, known)
        self.arms = sheet.groups(self.dataset, by_group)

    def count(self, level: str, arm: Group | None, visit: str = "", parameter: str = "") -> Estimate:
        """The number in a box. Raises Fault if it is not there."""
        group = arm.key if arm else "all"
        return self.sheet.estimates.find(Name(self.analysis, parameter or self.parameter, "n", group, visit, level))

    def of_level(self, begins: str, arm: Group | None = None, visit: str | None = None) -> list[Estimate]:
        """The numbers of an arm, or of all, whose level is this one or begins so; ``visit``: None for any."""
        group = arm.key if arm else "all"
        mine = [n for n in self.numbers if n.group == group and visit in (None, n.visit)]
        return [n for n in mine if f"{n.level}: ".startswith(f"{begins}: ")]

    def rows(self, visits: Sequence[str]) -> list[tuple[str, str, str]]:
        """Parameter, visit and label of each row of the form ``arrive``: the last visit of each parameter."""
        analysed = [(n.parameter, n.visit) for n in self.numbers if n.level == "analysed"]
        last = {parameter: visit for parameter, visit in analysed if not visits or visit in visits}
        parameters = self.dataset.parameters
        rows = []
        for name, visit in last.items():
            label = self.dataset.visits.get(visit, "")
            rows.append((name, visit, f"{parameters[name].label}{f', {label}' if label else ''}"))
        return rows

    def add_up(self) -> None:
        """Raise Fault where the numbers of the arms are not those of the whole."""
        whole = (self.of_level("allocated") or [self.enrolled(None)])[0].value
        arms = [self.enrolled(arm).value for arm in self.arms]
        if len(self.arms) > 1 and differs(sum(arms) + self.without_group, whole):
            raise Fault(f"{self.sheet.where}: the arms have {sum(arms):g} units, and {whole:g} were allocated")
        for arm, enrolled in zip(self.arms, arms, strict=True):
            stages = [n for level in ("received", "did not receive") for n in self.of_level(level, arm)]
            treated = [sum(n.value for n in stages if n.visit == visit) for visit in {n.visit for n in stages}]
            if max(treated, default=0) > enrolled or any(
                n.value > enrolled for n in self.of_level("discontinued", arm)
            ):
                raise Fault(f"{self.sheet.where}: more units received or discontinued treatment than were allocated")
            for number in (n for n in self.numbers if n.group == arm.key and n.level in ANALYSED):
                left = sum(reason.value for reason in self.reasons(arm, number.visit, number.parameter))
                if differs(number.value + left, enrolled):
                    where = ", ".join(filter(None, (arm.label, number.parameter, number.visit)))
                    raise Fault(
                        f"{self.sheet.where}: of {enrolled:g} units {number.value + left:g} are analysed or left out "
                        f"({where})"
                    )

    def enrolled(self, arm: Group | None) -> Estimate:
        """Every unit of the roster: the same number at each visit, so the first one stands for all."""
        mine = (n for n in self.numbers if n.parameter == self.parameter and n.level == "enrolled")
        return self.count("enrolled", arm, next((n.visit for n in mine), ""))

    @property
    def without_group(self) -> float:
        """How many enrolled units are in no arm."""
        return sum(n.value for n in self.of_level("without a group"))

    @property
    def narrows(self) -> bool:
        """Whether no arm has more units at a visit than at the one before, so that arrows may lead down."""
        for arm in self.arms:
            counted = [self.count("assessed", arm, visit).value for visit in self.visits]
            if any(later > earlier for earlier, later in zip(counted, counted[1:], strict=False)):
                return False
        return True

    def reasons(self, arm: Group, visit: str, parameter: str = "") -> list[Estimate]:
        """Why units were left out, each with how many; reasons that no unit has are not drawn."""
        return [
            n
            for n in self.numbers
            if (n.parameter, n.group, n.visit) == (parameter or self.parameter, arm.key, visit)
            if n.level.startswith(EXCLUDED) and (n.value > 0 or n.suppressed)
        ]

    def reason_by_visit(self, number: Estimate) -> str:
        """Why units are not analysed at every visit, with the visit that they lack."""
        what = re.fullmatch(rf"{EXCLUDED}{self.parameter} at (\w+) (.+)", number.level)
        if not what:
            return lowered(reason_of(number))
        return (
            f"{lowered(reason_of(replace(number, level=EXCLUDED + what[2])))} in {self.dataset.visits[what[1]].lower()}"
        )


def differs(first: float, second: float) -> bool:
    """Whether two sums differ; not where a part is held back, which share mode has of neither."""
    return math.isfinite(first - second) and first != second


def reason_of(number: Estimate) -> str:
    """Why units were left out, as a sentence begins."""
    return sentence(reason_shown(number.level.removeprefix(EXCLUDED).removeprefix("screened out: ")))


def lowered(text: str) -> str:
    """A text whose first letter is small."""
    return text[:1].lower() + text[1:]


def sentence(text: str) -> str:
    """A text whose first letter is large."""
    return text[:1].upper() + text[1:]
