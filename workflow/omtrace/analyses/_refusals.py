"""One refused part of an analysis does not take away the others: each stands for itself, made or not computed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from omtrace.analyses import JOINT, Call, Method, Number
from omtrace.analyses._undefined import explained
from omtrace.faults import Fault, Refusal
from omtrace.model.contrast import EVERYBODY
from omtrace.model.statistics import NOT_COMPUTED
from omtrace.provenance.columns import NO_ROWS
from omtrace.provenance.rows import Entries, Rows


def numbers_of(method: Method, call: Call) -> list[Number]:
    """The numbers of an analysis, and one without a value for each part of it that the data do not allow.

    Where a part is refused, the analysis is made again part by part; what a part gives before it is refused is kept.
    Within a part, an effect or a test that the values leave undefined is not computed either.
    Raises Fault where the plan does not fit: that is mended in the plan.
    """
    return explained(call, _numbers_of(method, call))


def _numbers_of(method: Method, call: Call) -> list[Number]:
    parts = parts_of(method, call)
    empty = [_without_units(part) or _without_rows(part) for part in parts]
    if not any(empty):
        attempt = _attempt(method, call)
        if attempt.refusal is None:
            return attempt.numbers
        if len(parts) == 1:
            return [*attempt.numbers, _not_computed(parts[0], attempt.refusal)]
    numbers = []
    for part, refusal in zip(parts, empty, strict=True):
        attempt = Attempt([], refusal) if refusal else _attempt(method, part)
        numbers += attempt.numbers
        if attempt.refusal:
            numbers.append(_not_computed(part, attempt.refusal))
    return numbers


def refusals_of(numbers: Sequence[Number]) -> list[Number]:
    """Those that say what is not computed; the level of each says why."""
    return [number for number in numbers if number.statistic == NOT_COMPUTED]


@dataclass(frozen=True)
class Attempt:
    """The numbers up to a refusal, and the refusal, if there is one: a method's own, or what a statistic refuses."""

    numbers: list[Number]
    refusal: Refusal | None = None


def _attempt(method: Method, call: Call) -> Attempt:
    numbers: list[Number] = []
    try:
        for number in method.run(call):
            numbers.append(number)
    except Refusal as refusal:
        return Attempt(numbers, refusal)
    except ValueError as error:
        return Attempt(numbers, Refusal(f"analysis {call.name}: {error}"))
    return Attempt(numbers)


def parts_of(method: Method, call: Call) -> list[Call]:
    """The parts of an analysis that stand for themselves: calls narrowed to each; the call itself where it is one."""
    part = method.part(call.options)
    if part == "parameter":
        return [replace(call, only=(parameter, None)) for parameter in call.parameters] or [call]
    targets = list(call.targets("anything")) if part == "target" else []
    return [replace(call, only=(target.parameter, target.visit)) for target in targets] or [call]


def _not_computed(call: Call, refusal: Refusal) -> Number:
    """The number without a value that stands for a call, or for a part of one."""
    parameter, visit = call.only or (JOINT.join(call.parameters), None)
    rows = _rows(call, parameter, visit)
    return Number(parameter, EVERYBODY, visit or "", refusal.reason, NOT_COMPUTED, float("nan"), "", 0, rows)


def _without_units(call: Call) -> Refusal | None:
    """That nobody is enrolled."""
    if call.data.enrolled:
        return None
    return Refusal(
        f"analysis {call.name}: no {call.dataset.unit} is enrolled: the roster of {call.data.name} names none"
    )


def _without_rows(call: Call) -> Refusal | None:
    """That a table has no row left, where all records of a part would come from it."""
    if call.only is None or not any(status.endswith(NO_ROWS) for status in call.data.statuses):
        return None
    columns = [call.data.column(target.parameter, target.visit) for target in call.targets("anything")]
    counts = Counter(status for c in columns[:1] for status in c.statuses[c.status].tolist())
    if not counts or any(not s.endswith(NO_ROWS) for c in columns for s in c.statuses[c.status].tolist()):
        return None
    quarantined = sum(count for status, count in counts.items() if status.startswith("quarantined"))
    table = next(iter(counts)).rpartition("; ")[2]
    of = f" ({quarantined} {call.dataset.unit}{'s' * (quarantined != 1)} quarantined)" if quarantined else ""
    return Refusal(f"analysis {call.name}: {table}{of}")


def _rows(call: Call, parameter: str, visit: str | None) -> Rows:
    """Who has a value of what is not computed and who has none; else everyone enrolled."""
    if not call.data.enrolled:
        return Rows(call.data.name, Entries.of([]), 0, 0, 0)
    population = call.entry.population
    if parameter in call.dataset.parameters:
        scheduled = call.dataset.parameters[parameter].visits
        visits = [name for name in call.entry.visits or scheduled if name in scheduled]
        wanted = visit if visit is not None else visits or ""
        try:
            return call.data.select(population, parameter, wanted).rows()
        except Fault:  # a parameter that is named as a column of the analysis set
            pass
    return call.data.select_complete(population, []).everyone(EVERYBODY)


def without_effect(call: Call) -> Refusal:
    """The refusal of an analysis that asks something of the effects of another one (``of``), which has none."""
    of = call.entry.of
    if refused := refusals_of(call.earlier[of]):
        return Refusal(f"analysis {call.name}: {of} is not computed: {refused[0].level}")
    return Refusal(f"analysis {call.name}: {of} gives no effect with an interval")
