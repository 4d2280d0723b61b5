"""What analyses are to answer: their roles, estimands, and families of hypotheses (ICH E9 and its addendum R1)."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from omtrace.model.closed import Closed, nearest
from omtrace.model.slices import REPORT
from omtrace.model.statistics import EFFECTS, INTERVALS
from omtrace.plugins import declared, plugin

Role = Literal[
    "primary",
    "secondary",
    "sensitivity",
    "supportive",
    "subgroup",
    "safety",
    "feasibility",
    "descriptive",
    "exploratory",
]
Strategy = Literal["treatment_policy", "hypothetical", "composite", "while_on_treatment", "principal_stratum"]
Procedure = Literal[
    "bonferroni",
    "holm",
    "hochberg",
    "hommel",
    "fixed_sequence",
    "graphical",
    "benjamini_hochberg",
    "benjamini_yekutieli",
]
ROLES: dict[str, str] = {
    "primary": "Primary analysis",
    "sensitivity": "Sensitivity of the primary analysis",
    "feasibility": "Feasibility",
    "secondary": "Secondary analyses",
    "supportive": "Supportive analyses",
    "subgroup": "Subgroups",
    "safety": "Safety",
    "descriptive": "Description",
    "exploratory": "Exploratory analyses",
}
NOT_COMPARED = (
    "concordance",
    "influence",
    "tipping_point",
)  # methods whose effects are not estimates of the same effect
BELONGING = ("sensitivity", "subgroup")  # roles of analyses that belong to another one


class IntercurrentEvent(Closed):
    """An event after the start of treatment that bears on the outcome or its meaning, and how it is handled."""

    strategy: Strategy = Field(description="one of the five strategies of ICH E9(R1)")
    parameter: str = Field("", description="parameter of the dataset that records the event")
    how: str = Field(description="what the analysis does about it, in words")


class Estimand(Closed):
    """What is to be estimated: the five attributes of ICH E9(R1)."""

    treatment: str = Field(description="the treatment condition, and the one it is compared with")
    population: str = Field(description="the people whom the question is about")
    variable: str = Field(description="the variable, with its time")
    events: dict[str, IntercurrentEvent] = Field(
        default_factory=dict, description="intercurrent event -> how it is handled"
    )
    summary: str = Field(description="the summary at the level of the population, such as a difference of means")


class Hypothesis(Closed):
    """One p value of a family: the number of an analysis that these names single out."""

    analysis: str = Field(description="analysis of the plan")
    parameter: str = Field("", description="its parameter, where the analysis has several")
    visit: str = Field("", description="its visit, where the analysis has several")
    contrast: str = Field("", description="group or contrast, such as 'OMT - sham', where there are several")
    level: str = Field("", description="the number's level, where there are several")
    statistic: str = Field("p", description="which p value, where the method gives several")


class Question(Closed):
    """A question that the study is to answer, and the numbers of an analysis that answer it: one sentence a row."""

    asks: str = Field(description="the question, in words")
    analysis: str = Field(description="analysis or family of the plan that answers it")
    parameter: str = Field("", description="its parameter; none: each of them")
    visit: str = Field("", description="its visit; none: each of them")
    contrast: str = Field("", description="group or contrast, such as 'OMT - sham'; none: each of them")
    level: str = Field("", description="the level as in estimates.csv; none: each of them")
    groups: tuple[str, str] | None = Field(
        None, description="the two groups compared, reference last, where only the level says so"
    )


class Meaningful(Closed):
    """A size of effect that matters to those whom the outcome is about, and who says so."""

    size: float = Field(description="in the unit of the parameter", gt=0)
    of: Literal["difference", "change"] = Field(
        description="difference: between groups; change: within one participant or animal"
    )
    source: str = Field(description="publication, with DOI or identifier")


class Margin(Closed):
    """A margin of non-inferiority or equivalence, against which the interval of an effect is held."""

    value: float = Field(
        description="its size in the unit of the effect: 0.1 for a difference of proportions, 1.25 or 0.8 for a ratio",
        gt=0,
    )
    kind: Literal["noninferiority", "equivalence"] = Field("noninferiority", description="what is to be shown")
    direction: Literal["lower", "higher", ""] = Field(
        "", description="which effects are better, lower or higher ones; none: as the parameter's `better` says"
    )
    statistic: str = Field(
        "", description="the effect, such as risk_ratio, where a method gives several; none: the first that it gives"
    )
    interval: str = Field("", description="its interval, where there are several: newcombe, miettinen_nurminen")
    populations: tuple[str, ...] = Field(
        (),
        description="further populations in which the same is analysed, shown side by side: an analysis "
        "<name>_<population> each, with the role sensitivity",
    )
    source: str = Field("", description="where the margin comes from")

    @model_validator(mode="after")
    def known(self) -> "Margin":
        """The effect and its interval are statistics that there are."""
        effects, intervals = [statistic.name for statistic in EFFECTS], list(INTERVALS)
        if self.statistic and self.statistic not in effects:
            raise ValueError(
                f"statistic: no method gives an effect {self.statistic!r}{nearest(self.statistic, effects)}"
            )
        if self.interval and self.interval not in intervals:
            raise ValueError(f"interval: {self.interval!r} is none{nearest(self.interval, intervals)}")
        return self


class Member(Hypothesis):
    """A hypothesis with its name, as the method `family` takes it: a list keeps the order."""

    name: str = Field(description="name of the hypothesis")


class Family(Closed):
    """Hypotheses whose error is controlled together; it becomes an analysis of the method `family`."""

    title: Annotated[str, REPORT] = Field(description="title of its table in the report")
    procedure: Annotated[Procedure, REPORT] = Field(description="how p values are adjusted")
    hypotheses: dict[str, Hypothesis] = Field(
        description="hypothesis -> its p value; in this order where the procedure has an order", min_length=1
    )
    alpha: Annotated[float, REPORT] = Field(0.05, description="error rate of the family", gt=0, lt=0.5)
    weights: Annotated[dict[str, float], REPORT] = Field(
        default_factory=dict, description="graphical: hypothesis -> its share of alpha; none: equal shares"
    )
    transitions: Annotated[dict[str, dict[str, float]], REPORT] = Field(
        default_factory=dict,
        description="graphical: hypothesis -> hypothesis -> the share that it passes on once rejected",
    )
    note: Annotated[str, REPORT] = Field("", description="a remark printed with the results")

    @model_validator(mode="after")
    def graph(self) -> "Family":
        """Weights and transitions are of a graph: known hypotheses, shares that sum to 1 at most."""
        if faults := list(self._faults()):
            raise ValueError("\n".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        if self.procedure != "graphical":
            yield from (f"{name}: only for graphical" for name in ("weights", "transitions") if getattr(self, name))
            return
        if not self.transitions:
            yield "transitions: needed for graphical"
        rows = {"weights": self.weights, **{f"transitions.{name}": row for name, row in self.transitions.items()}}
        for name in self.transitions:
            if name not in self.hypotheses:
                yield f"transitions: {name!r} is no hypothesis{nearest(name, self.hypotheses)}"
            elif self.transitions[name].get(name):
                yield f"transitions.{name}: passes on to itself"
        for where, row in rows.items():
            yield from (
                f"{where}: {key!r} is no hypothesis{nearest(key, self.hypotheses)}"
                for key in row
                if key not in self.hypotheses
            )
            if any(share < 0 for share in row.values()) or sum(row.values()) > 1 + 1e-9:
                yield f"{where}: shares are at least 0 and sum to 1 at most"


def with_families(content: object) -> object:
    """A plan's content with the analyses that follow from what it says.

    One for each family, by its name; for each further population of a margin, ``<analysis>_<population>``; for the
    sensitivity set of an analysis, ``<analysis>_concordance``; for a primary effect, ``<analysis>_influence``.
    """
    if not isinstance(content, Mapping) or not isinstance(content.get("analyses"), Mapping):
        return content
    analyses = _in_populations(content["analyses"])
    for name, family in _mappings(content.get("families")).items():
        if _get(analyses.get(name), "method") not in ("", "family"):
            raise ValueError(f"families: {name!r} is the name of an analysis as well")
        first = next((h for h in _mappings(family.get("hypotheses")).values()), {})
        of = analyses.get(first.get("analysis", ""), {})
        settings = {key: family[key] for key in ("alpha", "procedure", "weights", "transitions") if key in family}
        of_first = {key: _get(of, key) for key in ("dataset", "population", "role") if _get(of, key)}
        words = {key: family.get(key, "") for key in ("title", "note")}
        if of_first:  # else the family's own model says what is wrong
            members = [{"name": key, **told_of} for key, told_of in _mappings(family.get("hypotheses")).items()]
            options = {**settings, "hypotheses": members}
            analyses[name] = {"method": "family", **words, **of_first, "options": options}
    belonging: dict[str, list[str]] = {}
    for name, entry in _mappings(analyses).items():
        if entry.get("role") == "sensitivity" and _get(entry, "method") not in NOT_COMPARED:
            belonging.setdefault(str(entry.get("of", "")), []).append(name)
    for of, names in belonging.items():
        main = analyses.get(of)
        if isinstance(main, Mapping) and f"{of}_concordance" not in analyses:
            entry = {key: _get(main, key) for key in ("dataset", "population") if _get(main, key)}
            title = f"Concordance: {_get(main, 'title')}"
            declared = {"method": "concordance", "title": title, "role": "sensitivity", "of": of, **entry}
            analyses[f"{of}_concordance"] = {**declared, "options": {"others": names}}
    if content.get("fragility", True):
        analyses |= _fragility(analyses)
    return {**content, "analyses": analyses}


def _in_populations(analyses: Mapping) -> dict[str, object]:
    """Analyses, and after each the same in the further populations of its margin."""
    found: dict[str, object] = {}
    for name, entry in analyses.items():
        found[name] = entry
        margin = entry.get("margin") if isinstance(entry, Mapping) else None
        populations = margin.get("populations", ()) if isinstance(margin, Mapping) else ()
        for population in populations if isinstance(populations, (list, tuple)) else ():
            if (own := f"{name}_{population}") in analyses:
                raise ValueError(f"analyses.{name}.margin.populations: {own!r} is the name of an analysis already")
            alone = {key: value for key, value in margin.items() if key != "populations"}  # type: ignore[union-attr]
            title = f"{_get(entry, 'title')}, {population.replace('_', ' ')}"
            more = {"population": population, "role": "sensitivity", "of": name, "title": title, "margin": alone}
            found[own] = {**entry, **more}
    return found


def _fragility(analyses: Mapping[str, object]) -> dict[str, object]:
    """An analysis without each unit in turn for each primary one that estimates an effect, and has none.

    Where several units make one experimental unit, such as a litter, that is left out whole.
    """
    examined = {_get(entry, "of") for entry in _mappings(analyses).values() if _get(entry, "method") == "influence"}
    return {
        f"{name}_influence": {
            "method": "influence",
            "title": f"Influence of single units: {_get(entry, 'title')}",
            "role": "sensitivity",
            "of": name,
            **{key: _get(entry, key) for key in ("dataset", "population") if _get(entry, key)},
            "options": {"shown": 1},
        }
        for name, entry in _mappings(analyses).items()
        if _get(entry, "role") == "primary" and _is_fragile(_get(entry, "method")) and name not in examined
        if f"{name}_influence" not in analyses
    }


def _is_fragile(method: str) -> bool:
    return method in declared("analyses") and plugin("analyses", method, "METHOD").is_fragile


def _mappings(value: object) -> dict[str, Mapping]:
    return (
        {key: entry for key, entry in value.items() if isinstance(entry, Mapping)} if isinstance(value, Mapping) else {}
    )


def _get(entry: object, key: str) -> str:
    return str(entry.get(key, "")) if isinstance(entry, Mapping) else ""
