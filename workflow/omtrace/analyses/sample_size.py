"""Sample size of the next batch, from the variance components of a mixed model of this one."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._model_options import ModelOptions
from omtrace.analyses._terms import Fitted, fitted
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import nearest

if TYPE_CHECKING:
    from omtrace.statistics.power.sample_size import NextBatch


class Options(ModelOptions):
    """The model whose variances are used, what gets its treatment on its own, and what is to be found."""

    terms: tuple[str, ...] = Field(description="fixed effects, as in mixed_model", min_length=1)
    effects: tuple[float, ...] = Field(
        description="differences to be found, in the unit analysed; with log: ratios, such as 0.8", min_length=1
    )
    groups: int = Field(description="groups of the next batch", ge=2)
    allocated: str = Field(
        "unit", description="what gets its treatment on its own: unit (an animal), or a random effect such as cage"
    )
    members: int = Field(1, description="units measured in each of these", ge=1)
    blocks: dict[str, int] = Field(
        default_factory=dict,
        description="random effect -> number of its groups in the next batch, each holding all treatments: its "
        "variance cancels (batch: 3)",
    )
    power: float = Field(0.8, description="power wanted", gt=0.5, lt=1)
    sizes: tuple[int, ...] = Field((6, 8, 10, 12), description="numbers a group whose power is shown")


def run(call: Call) -> Iterator[Number]:
    """The number a group that has the power, in all, and the power of some numbers, for each effect."""
    o: Options = call.options
    known = ["unit", *o.random]
    for name in (o.allocated, *o.blocks):
        if name not in known:
            raise Fault(f"analysis {call.name}: {name!r} is no random effect of the model{nearest(name, known)}")
    if o.allocated in o.blocks or (o.allocated == "unit" and o.members > 1):
        raise Fault(f"analysis {call.name}: a block holds all treatments; members are counted in what is allocated")
    for target in call.targets():
        fit = fitted(target, list(o.terms))
        try:
            design = _design(o, fit)
            for effect in o.effects:
                yield from _effect(target, fit, design, effect)
        except ValueError as error:
            raise Refusal(f"analysis {call.name}, {target.parameter}: {error}") from None


def _design(o: Options, fit: Fitted) -> "NextBatch":
    """The next batch, with the variance components found: all but those of the blocks lie between units."""
    from omtrace.statistics.power.sample_size import next_batch

    parts = dict(fit.random.components) if fit.random else {"residual": fit.naive.variance}
    residual = parts.pop("residual")
    between = sum(variance for name, variance in parts.items() if name not in o.blocks)
    return next_batch(between, residual, o.groups, o.members, math.prod(o.blocks.values()))


def _effect(target: Target, fit: Fitted, design: "NextBatch", effect: float) -> Iterator[Number]:
    o: Options = target.call.options
    if o.log and effect <= 0:
        raise ValueError("a ratio is above 0")
    difference, alpha = math.log(effect) if o.log else effect, 1 - o.level
    label = f"{'ratio' if o.log else 'difference'} {effect:g}"
    needed = design.size(difference, o.power, alpha)
    values = {
        "per_group": float(needed),
        "units_in_all": float(needed * o.groups * o.members),
        "power": design.power(difference, needed, alpha),
        "df": float(design.df(needed)),
    }
    yield from target.numbers("all", values, fit.rows, f"{label}: needed")
    for size in o.sizes:
        if design.df(size) >= 1:
            found = {
                "per_group": float(size),
                "units_in_all": float(size * o.groups * o.members),
                "power": design.power(difference, size, alpha),
                "df": float(design.df(size)),
            }
            yield from target.numbers("all", found, fit.rows, f"{label}: {size} a group")


METHOD = Method(
    Options,
    run,
    "Variance components of the mixed model, taken for known. Two groups of a complete block design are compared by a "
    "two-sided t test of the experimental units' means: noncentral t, with groups x units - groups - (blocks - 1) "
    "degrees of freedom. Variance between blocks cancels; all other components count in full, which errs on the safe "
    "side where a cage holds several treatments. Components from few animals are uncertain, and the sizes with them.",
    gives="power df per_group units_in_all",
)
