"""Exclusions of animals whose reason was not stated beforehand."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import hits, rows_of


class Reason(Closed):
    """A reason for which an animal may be excluded, and when that was settled."""

    meaning: str = Field(description="what the reason is, in words", min_length=5)
    stated: Literal["protocol"] | date = Field(description="protocol, or the day on which it was stated")


class Options(Closed):
    """The table of exclusions, and the reasons stated beforehand."""

    table: str = Field("exclusions", description="table with a row an animal excluded")
    reasons: dict[str, Reason] = Field(description="code -> the reason, and when it was stated")


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Rows with a reason that the plan does not have, and rows that are older than the statement of theirs."""
    import pandas

    frame = rows_of(tables, where, options.table, {}, "reason", "excluded_on")
    unknown = frame.index[frame["reason"].notna() & ~frame["reason"].isin(list(options.reasons))]
    codes = ", ".join(options.reasons)
    yield from hits("exclusion_reason", options.table, unknown, "reason", f"a reason stated beforehand: {codes}")
    for code, reason in options.reasons.items():
        if isinstance(reason.stated, date):
            days = frame.loc[frame["reason"] == code, "excluded_on"]
            early = days.index[days < pandas.Timestamp(reason.stated)]
            expected = "an exclusion on or after the day on which its reason was stated"
            yield from hits("exclusion_before_reason", options.table, early, "excluded_on", expected)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "exclusion_reason",
            "quarantine",
            "An animal is excluded for a reason that was not stated beforehand.",
            "reason 'outlier', where the plan has anaesthesia and illness",
            "ask who excluded it; the animal stays in no population until the reason is settled, and a new reason "
            "gets its code, with the day, in the plan",
        ),
        RuleText(
            "exclusion_before_reason",
            "quarantine",
            "An animal was excluded before its reason was stated.",
            "excluded on 3 May for illness, a reason stated on 10 May",
            "correct the day at its source, or in the plan the day on which the reason was stated",
        ),
    ),
)
