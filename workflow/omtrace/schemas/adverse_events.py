"""Adverse events: one row an event."""

from omtrace.schemas import Column, Reference, Table, unit_column

TABLE = Table(
    row="one adverse event",
    key=("unit_id", "study_day", "term"),
    columns=(
        unit_column("participant"),
        Column(
            "study_day", "integer", "day of onset, counted from the first session (1)", "d", -28, 120, required=True
        ),
        Column("term", "text", "what happened, in the site's words", required=True),
        Column("system", "text", "body system", required=True),
        Column("severity", "text", "severity", allowed=("mild", "moderate", "severe"), required=True),
        Column("related", "text", "related to treatment", allowed=("yes", "no", "possible"), required=True),
    ),
    references=(Reference("unit_id", "allocation", "unit_id"),),
    source="the trial's log of adverse events as this project declares it; CONSORT 2025, "
    "doi:10.1371/journal.pmed.1004587, items 15 and 21a ask for harms",
)
