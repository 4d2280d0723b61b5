"""Assumptions under which an analysis of the plan is simulated before there are data: ``omtrace power STUDY``."""

from pydantic import Field, model_validator

from omtrace.model.closed import Closed

OUTCOMES = ("sd", "shares", "rates", "events")


class PlannedClusters(Closed):
    """Clusters that are randomised whole, named by the option ``cluster`` of the analysis."""

    size: int = Field(description="units of each cluster", ge=1)
    icc: float = Field(description="intraclass correlation", ge=0, le=1)


class Planning(Closed):
    """What is assumed of one analysis. Groups and visits are those of its dataset."""

    source: str = Field(description="where the assumptions come from")
    per_group: tuple[int, ...] = Field(description="units enrolled in each group; several: each in turn", min_length=1)
    sd: float | None = Field(None, description="of a number: SD of a unit within groups, at each visit", gt=0)
    mean: float = Field(0, description="of a number: in the groups without an effect")
    effect: dict[str, float | dict[str, float]] = Field(
        {}, description="of a number: group -> difference of its mean after baseline, or visit -> difference"
    )
    shares: dict[str, float] = Field({}, description="of yes or no: group -> share with yes after baseline")
    rates: dict[str, float] = Field({}, description="of a count: group -> events per unit of exposure")
    dispersion: float = Field(0, description="of a count: variance = mean + dispersion x mean^2", ge=0)
    events: dict[str, float] = Field(
        {}, description="of a time to an event: group -> share with the event by the end, were nobody to drop out"
    )
    follow_up: float = Field(1, description="exposure of a count; time at which all others are censored", gt=0)
    correlation: float = Field(0, description="between any two visits of a unit, baseline included", ge=0, lt=1)
    dropout: float = Field(0, description="share of units that leave, at random and evenly over time", ge=0, lt=1)
    clusters: PlannedClusters | None = Field(None, description="of a number: clusters that are randomised")
    levels: dict[str, dict[str, float]] = Field(
        {}, description="category that the analysis names -> level -> share; by default two levels, equally frequent"
    )
    alpha: float = Field(
        0.05, description="two-sided level of the test; with a margin its interval decides", gt=0, lt=1
    )
    visit: str = Field("", description="visit whose test counts; by default the last analysed")

    @model_validator(mode="after")
    def fits(self) -> "Planning":
        """One kind of outcome, and shares that are some."""
        if len(kinds := [name for name in OUTCOMES if getattr(self, name)]) != 1:
            raise ValueError(f"say one of {', '.join(OUTCOMES)}" + (f", not {' and '.join(kinds)}" if kinds else ""))
        if (self.effect or self.clusters) and self.sd is None:
            raise ValueError("effect and clusters go with sd")
        if wrong := [size for size in self.per_group if size < 2]:
            raise ValueError(f"per_group: {wrong[0]} is no size of a group")
        for name in ("shares", "events"):
            if any(not 0 < share < 1 for share in getattr(self, name).values()):
                raise ValueError(f"{name}: each lies between 0 and 1")
        if any(rate <= 0 for rate in self.rates.values()):
            raise ValueError("rates: each is above 0")
        if any(min(shares.values(), default=0) <= 0 for shares in self.levels.values()):
            raise ValueError("levels: each has a share above 0")
        return self
