"""Standards of a plate: the signal follows the concentration. Finds plates read upside down and levels swapped."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import WHERE, groups_of, hits, rows_of
from omtrace.validation.crosschecks._signals import Signals, with_signals

if TYPE_CHECKING:
    import pandas

FEWEST = 4  # levels of a plate from which an order can be judged


class Options(Closed):
    """The wells of the standards, their signals, and how well these must follow."""

    table: str = Field(description="table of the plan that says what is in each well")
    concentration: str = Field("concentration", description="column of the standard's concentration")
    within: tuple[str, ...] = Field(("plate",), description="columns that make a plate or run")
    by: str = Field(UNIT, description="column that names the well")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)
    signals: Signals = Field(description="the readings; in the same table: that of the row")
    direction: Literal["rising", "falling"] = Field("rising", description="falling: competitive assays")
    least: float = Field(0.8, description="least rank correlation (Spearman) of the levels' means", gt=0, le=1)
    step: float = Field(0.2, description="part of the plate's range by which a level may fall behind the one before it")


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Plates whose standards do not follow their concentrations, at their first well; else single levels that do not.

    A level is reported, at each of its wells, if its mean lies behind that of the next smaller concentration by more
    than noise and a hook at the upper end explain; which of the two levels is wrong is not known.
    """
    frame = rows_of(tables, where, options.table, options.where, options.concentration, options.by, *options.within)
    wells = frame.assign(
        group=groups_of(frame, options.within),
        level=frame[options.concentration].astype("float64"),
        signal=with_signals(tables, where, frame, options.by, options.signals),
    )
    wells["signal"] *= 1 if options.direction == "rising" else -1
    wells = wells[wells["group"] >= 0].dropna(subset=["level", "signal"])
    expected = f"signals {options.direction} with the {options.concentration} of the standards"
    for _, plate in wells.groupby("group"):
        means = plate.groupby("level")["signal"].mean()
        if len(means) < FEWEST:
            continue
        if means.rank().corr(means.index.to_series().rank()) < options.least:
            yield from hits(
                "standards_disordered",
                options.table,
                [plate.index.min()],
                options.concentration,
                f"{expected}; the plate may have been read upside down or have another layout",
            )
            continue
        for level in _behind(means, options.step):
            rows = plate.index[plate["level"] == level]
            yield from hits("standard_out_of_order", options.table, rows, options.concentration, expected)


def _behind(means: "pandas.Series", step: float) -> list[float]:
    """The levels, or those just before them, whose mean falls behind."""
    falls = means.diff() < -step * (means.max() - means.min())
    return means.index[falls | falls.shift(-1, fill_value=False)].to_list()


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "standards_disordered",
            "warn",
            "The signals of a plate's standards do not follow the concentrations.",
            "a plate read upside down: the highest standard reads as the blank",
            "compare the plate with its layout; read it again, or register the right layout",
        ),
        RuleText(
            "standard_out_of_order",
            "warn",
            "A standard's signal falls behind that of a smaller concentration.",
            "the wells of 500 pg/mL read lower than those of 250 pg/mL",
            "look for two standards pipetted, or entered, in each other's place; leave out a level that failed",
        ),
    ),
)
