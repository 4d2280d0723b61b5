"""A family of hypotheses: p values of other analyses, adjusted together."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._refusals import refusals_of
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed
from omtrace.model.plan import Analysis
from omtrace.model.questions import Member, Procedure
from omtrace.provenance.rows import united

if TYPE_CHECKING:
    import numpy

NAMED = ("parameter", "visit", "level", "statistic")


class Options(Closed):
    """Which p values, and how they are adjusted; written by the plan's `families`."""

    procedure: Procedure = Field(description="how p values are adjusted")
    hypotheses: tuple[Member, ...] = Field(description="the hypotheses, in order", min_length=1)
    alpha: float = Field(0.05, description="error rate of the family", gt=0, lt=0.5)
    weights: dict[str, float] = Field(default_factory=dict, description="graphical: share of alpha of each hypothesis")
    transitions: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="graphical: what each hypothesis passes on once rejected"
    )


def member(call: Call, hypothesis: Member) -> Number:
    """The one number of another analysis that a hypothesis singles out. Raises Fault for none and for several."""
    wanted = {part: getattr(hypothesis, part) for part in NAMED} | {"group": hypothesis.contrast}
    found = [
        number
        for number in call.earlier[hypothesis.analysis]
        if all(not value or getattr(number, part) == value for part, value in wanted.items())
    ]
    if not found and (refused := refusals_of(call.earlier[hypothesis.analysis])):
        raise Refusal(
            f"family {call.name}: hypothesis {hypothesis.name!r}: {hypothesis.analysis} is not computed: "
            f"{refused[0].level}"
        )
    if len(found) != 1:
        names = ", ".join(f"{part} {value}" for part, value in wanted.items() if value)
        raise Fault(
            f"family {call.name}: hypothesis {hypothesis.name!r}: {len(found)} numbers of analysis "
            f"{hypothesis.analysis} fit ({names}); it needs to be one"
        )
    if not found[0].value == found[0].value:
        raise Refusal(f"family {call.name}: hypothesis {hypothesis.name!r}: its p value has no value")
    return found[0]


def adjusted(options: Options, p: Sequence[float]) -> "numpy.ndarray":
    """Adjusted p values, in the order of the hypotheses."""
    from omtrace.statistics import multiplicity

    if options.procedure == "fixed_sequence":
        return multiplicity.fixed_sequence(p)
    if options.procedure != "graphical":
        return multiplicity.adjusted(p, options.procedure)
    names = [hypothesis.name for hypothesis in options.hypotheses]
    weights = [options.weights.get(name, 0.0) for name in names] if options.weights else [1 / len(names)] * len(names)
    transitions = [[options.transitions.get(a, {}).get(b, 0.0) for b in names] for a in names]
    return multiplicity.graphical(p, weights, transitions)


def run(call: Call) -> Iterator[Number]:
    """p, adjusted p, and whether it is rejected, of each hypothesis, on the records of all of them together."""
    from omtrace.statistics.multiplicity import rejected

    o: Options = call.options
    members = {hypothesis.name: member(call, hypothesis) for hypothesis in o.hypotheses}
    rows = united([number.rows for number in members.values()], call.data.unit_of)
    p = adjusted(o, [number.value for number in members.values()])
    for (name, number), value, done in zip(members.items(), p, rejected(p, o.alpha), strict=True):
        values = {"p": number.value, "adjusted_p": value, "rejected": done}
        yield from call.of(number.parameter, number.visit).numbers(number.group, values, rows, level=name)


def rests_on(entry: Analysis, options: Options) -> list[str]:
    """The analyses of its hypotheses."""
    return list(dict.fromkeys(hypothesis.analysis for hypothesis in options.hypotheses))


METHOD = Method(
    Options,
    run,
    "P values of a family of hypotheses, adjusted together: a hypothesis is rejected where its adjusted p is at most "
    "alpha. Used are the units of any of its analyses.",
    rests_on,
    part=lambda options: "whole",
    gives="p adjusted_p rejected",
)
