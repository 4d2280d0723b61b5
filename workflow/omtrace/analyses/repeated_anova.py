"""Repeated-measures analysis of variance over visits, in the units that have all of them."""

from collections.abc import Iterator

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._listwise import ListwiseOptions, complete
from omtrace.analyses._shown import named
from omtrace.faults import Refusal


class Options(ListwiseOptions):
    """How many may be lost, and the confidence level."""


def run(call: Call) -> Iterator[Number]:
    """F with and without correction of its degrees of freedom, for each parameter over its visits."""
    from omtrace.statistics.linear.repeated import repeated_anova

    for parameter, visits in call.analysed_visits().items():
        if len(visits) < 2:
            raise Refusal(f"analysis {call.name}, {parameter}: at least two visits are needed")
        analysis_set = complete(call, [(parameter, visit) for visit in visits])
        counts = {"n": float(len(analysis_set.frame)), "missing": float(analysis_set.missing())}
        values = repeated_anova(analysis_set.frame.astype("float64").to_numpy(), call.options.level)
        level = ", ".join(named("visit", visit) for visit in visits)
        yield from call.of(parameter).numbers("all", {**counts, **values}, analysis_set.rows(), level=level)


METHOD = Method(
    Options,
    run,
    "One-way repeated-measures analysis of variance over the visits, in units with a value at all of them; the others "
    "are counted as missing. F as it is and with Greenhouse and Geisser's (GG) and Huynh and Feldt's (HF) correction; "
    "partial eta squared with a noncentral-F interval of level 2 x level - 1.",
    part=lambda options: "parameter",
    gives="gg_epsilon hf_epsilon partial_eta_squared partial_eta_squared_low partial_eta_squared_high f df_1 df_2 p "
    "gg_p hf_p missing n",
)
