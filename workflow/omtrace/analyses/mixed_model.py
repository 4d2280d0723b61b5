"""Linear mixed model: fixed effects by terms, random effects of cages, litters, batches, and of units over visits."""

from collections.abc import Iterator

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._model_options import ModelOptions
from omtrace.analyses._sentences import listed, term_named, tests_by
from omtrace.analyses._terms import TIME, fitted, numbers_of
from omtrace.faults import Fault, Refusal


class Options(ModelOptions):
    """Which terms, which random effects, which tests."""

    terms: tuple[str, ...] = Field(
        description="fixed effects: parameters without visits, visit and baseline; a:b is an interaction, a * b both "
        "with it",
        min_length=1,
    )
    slopes: dict[str, str] = Field(
        default_factory=dict, description="random effect -> covariate whose slope is random too, with a covariance"
    )
    over_visits: bool = Field(
        False, description="one model of all visits, in which each unit has a random effect, instead of one a visit"
    )
    time: dict[str, float] = Field(
        default_factory=dict,
        description="with over_visits, visit -> when it was: a covariate named time, for growth curves (terms: [arm * "
        "time], slopes: {unit: time}, contrasts of slopes)",
    )

    @model_validator(mode="after")
    def timed(self) -> "Options":
        """Time belongs to a model over the visits."""
        if self.time and not self.over_visits:
            raise ValueError("time: goes with over_visits: true")
        return self


def run(call: Call) -> Iterator[Number]:
    """Type III tests, planned contrasts, adjusted means and variances, for each parameter (and visit)."""
    o = call.options
    if unknown := sorted(set(o.slopes) - set(o.random) - ({"unit"} if o.over_visits else set())):
        raise Fault(f"analysis {call.name}: slopes: {unknown[0]!r} is no random effect of the model")
    if o.time and TIME in call.dataset.parameters:
        raise Fault(f"analysis {call.name}: a parameter is named time already; rename it")
    with_baseline = any("baseline" in term for term in o.terms)
    for parameter, analysed in call.analysed_visits().items():
        visits = [visit for visit in analysed if not (with_baseline and visit == call.dataset.baseline)]
        if not visits:
            continue
        if not o.over_visits:
            for visit in visits:
                fit = fitted(call.of(parameter, visit), list(o.terms), o.slopes)
                yield from numbers_of(call.of(parameter, visit), fit)
            continue
        if len(visits) < 2:
            raise Refusal(f"analysis {call.name}, {parameter}: over_visits needs two visits or more")
        if o.time and (lost := [visit for visit in visits if visit not in o.time] or set(o.time) - set(visits)):
            raise Fault(f"analysis {call.name}: time: names each visit of {parameter} once; not so: {sorted(lost)[0]}")
        fit = fitted(call.of(parameter), list(o.terms), o.slopes, visits, o.time)
        yield from numbers_of(call.of(parameter), fit)


def said(options: Options) -> str:
    """The model, its tests and its scale in words."""
    scale = " of the natural logarithm, told as ratios," if options.log else ""
    visits = ", over the visits" if options.over_visits else ""
    negative = ", whose variances may come out below zero" if options.negative else ""
    naive = (
        " The naive p takes every record for a unit of its own; it is shown for comparison." if options.naive else ""
    )
    moved = " Values at the ends of the scale are moved beyond them." if options.ends else ""
    information = "expected" if options.df == "kenward_roger" else "observed"
    fixed, random = (listed([term_named(name) for name in names]) for names in (options.terms, options.random))
    return (
        f"Linear mixed model{scale} by {options.likelihood}{visits}, with {fixed} as fixed and {random} as random "
        f"effects{negative}; type III tests with {tests_by(options.df)} ({information} "
        f"information).{moved}{naive}"
    )


METHOD = Method(
    Options,
    run,
    said,
    part=lambda options: "parameter" if options.over_visits else "target",
    is_fragile=True,
    gives="difference adjusted_mean geometric_mean geometric_mean_low geometric_mean_high ratio ratio_low "
    "ratio_high dose_slope ci_low ci_high share variance se f minus_2_log_likelihood t df df_1 df_2 p naive_p "
    "groups missing n values in_model",
)
