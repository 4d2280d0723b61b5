"""The options that linear models by terms share."""

from typing import Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from omtrace.model.closed import Closed


class PlannedContrast(Closed):
    """A planned difference of two levels of a factor, at some levels of others or averaged over them."""

    of: str = Field(description="the factor")
    pair: tuple[str, str] = Field(description="level of interest, reference")
    within: dict[str, str] = Field(default_factory=dict, description="other factor -> its level; others: averaged")
    minus: dict[str, str] = Field(
        default_factory=dict, description="the same difference at these levels is subtracted: an interaction"
    )
    slope: str = Field(
        "",
        description="covariate, such as time: its slopes at the two levels are compared, instead of their means",
        exclude_if=lambda name: not name,
    )

    @property
    def label(self) -> str:
        """The contrast in words, without its pair where the group says it."""
        at, less = ", ".join(self.within.values()), ", ".join(self.minus.values())
        parts = (
            f", slope of {self.slope}" * bool(self.slope),
            f", in {at}" * bool(at),
            f", minus in {less}" * bool(less),
        )
        return "".join(parts)


class Ends(Closed):
    """Where a scale ends, for a sensitivity analysis of values that are only known to lie beyond."""

    low: float | None = Field(None, description="values at or below this lie at the low end; none: no end")
    high: float | None = Field(None, description="values at or above this lie at the high end; none: no end")
    factor: float = Field(
        description="they are analysed as if this many times beyond it: the step to a filament that there is not", gt=1
    )


class ModelOptions(Closed):
    """What mixed_model and factorial share."""

    levels: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="factor -> its levels, the reference first; units of other levels are left out; none: those found",
    )
    random: tuple[str, ...] = Field(
        (), description="parameters whose groups have random effects: cage, litter, batch; batch/cage: nested"
    )
    contrasts: tuple[PlannedContrast, ...] = Field((), description="planned contrasts")
    means: tuple[str, ...] = Field(
        (), description="terms whose adjusted means are given; none: the factors' terms of the highest order"
    )
    log: bool = Field(False, description="analyse the natural logarithm (values must be positive)")
    ends: Ends | None = Field(
        None, description="a sensitivity analysis: values at the ends of the scale are moved beyond them"
    )
    df: Literal["kenward_roger", "satterthwaite"] = Field(
        "kenward_roger", description="standard errors and degrees of freedom, where effects are random"
    )
    likelihood: Literal["REML", "ML"] = Field("REML", description="restricted or full maximum likelihood")
    negative: bool = Field(
        False,
        description="variances of random effects may come out below zero, so that a treatment given by cage keeps the "
        "cages' degrees of freedom where cages are more alike than by chance; no: such an effect is left out",
    )
    naive: bool = Field(
        False, description="show, beside each p, the one that every record as a unit of its own would give, labelled"
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)

    @model_validator(mode="after")
    def fits(self) -> "ModelOptions":
        """Kenward and Roger's adjustment belongs to REML."""
        if self.likelihood == "ML" and self.df != "satterthwaite":
            raise ValueError("df: Kenward-Roger needs REML; take satterthwaite for ML")
        return self

    @model_serializer(mode="wrap")
    def without_idle(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """The options as they define an analysis: without those that play no part in it."""
        content = handler(self)
        idle = [name for name, value in content.items() if value in ((), [], {}, "", False, None) and name != "log"]
        if not (self.random or content.get("over_visits")):
            idle += ["df", "likelihood"]
        return {name: value for name, value in content.items() if name not in idle}
