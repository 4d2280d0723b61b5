"""Permuted blocks: within each block of an allocation list the arms stand in their ratio."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, PositiveInt

from omtrace.model.closed import Closed
from omtrace.schemas import RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import WHERE, as_text, expect_values, groups_of, hits, rows_of, taken_of

if TYPE_CHECKING:
    import pandas


class Options(Closed):
    """The list, what makes a block, and the arms."""

    table: str = Field(description="table of the plan with one row a slot of the allocation list")
    arm: str = Field("arm", description="column of the arm")
    block: str = Field("block", description="column that numbers the blocks")
    within: tuple[str, ...] = Field((), description="columns within which blocks are numbered: the stratum")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)
    ratio: dict[str, PositiveInt] = Field(min_length=2, description="arm -> its part of each block: 1 and 1, 2 and 1")
    unfinished: bool = Field(
        False, description="the list holds used slots only, so the last block of a stratum may be unfinished"
    )


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Rows of the arms of which a block has too many: one of them, or a row that is lost, is the wrong one.

    Blocks of which another finding has taken out a row are passed over. An unfinished block may not have more of an
    arm than the largest finished one of its stratum (Schulz and Grimes 2002, doi:10.1016/S0140-6736(02)07683-3, on
    how blocks are made).
    """
    names = (*options.within, options.block)
    frame = rows_of(tables, where, options.table, options.where, options.arm, *names)
    expect_values(tables, where, frame[options.arm], options.ratio)
    rows = frame.assign(arm=as_text(frame[options.arm]), group=groups_of(frame, names))
    lost = set(taken_of(tables, options.table)[list(names)].apply(as_text).itertuples(index=False, name=None))
    marks = frame[list(names)].apply(as_text).apply(tuple, axis=1) if len(frame) else frame.index.to_series()
    rows = rows[(rows["group"] >= 0) & ~marks.isin(lost)]
    counts = rows.groupby("group")["arm"].value_counts().unstack(fill_value=0).reindex(columns=[*options.ratio])
    parts = counts.fillna(0) / list(options.ratio.values())
    most = parts.max(axis=1)
    wrong = parts.ne(most, axis=0).any(axis=1)
    if options.unfinished:
        wrong &= ~_may_be_open(rows, most, wrong, options)
    says = " to ".join(f"{part} {arm}" for arm, part in options.ratio.items())
    expected = f"a block with {says}; this one has too many {{}}, or a row of it is lost"
    for arm in options.ratio:
        full = wrong.index[wrong & (parts[arm] == most)]
        found = rows.index[rows["group"].isin(full) & (rows["arm"] == arm)]
        yield from hits("block_unbalanced", options.table, found, options.arm, expected.format(arm))


def _may_be_open(
    rows: "pandas.DataFrame", most: "pandas.Series", wrong: "pandas.Series", options: Options
) -> "pandas.Series":
    """Which blocks are the last of their stratum and no larger, in any arm, than its finished ones."""
    blocks = rows.drop_duplicates("group").set_index("group").loc[most.index]
    strata = [blocks[name] for name in options.within] or [blocks[options.block].notna()]
    last = blocks.groupby(strata)[options.block].transform("max") == blocks[options.block]
    largest = most.where(~wrong).groupby([s.to_numpy() for s in strata]).transform("max")
    return last & ~(most > largest)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "block_unbalanced",
            "warn",
            "The arms of a permuted block do not stand in their ratio.",
            "3 OMT and 1 sham in a block of four",
            "compare the block with the list as it was generated; correct the arm, or send the missing slot",
        ),
    ),
)
