"""What the exclusion criteria ask about earlier treatment: one row a participant. Age is checked in demographics."""

from omtrace.schemas import Column, Rule, Table, unit_column

FIX = "ask the site; a protocol deviation is kept, and the study's populations say who is analysed"

TABLE = Table(
    row="the eligibility answers of one participant",
    key=("unit_id",),
    columns=(
        unit_column("participant"),
        Column("botox_ever", "integer", "onabotulinumtoxinA for headache, now or before (1 yes)", "code",
               allowed=(0, 1)),
        Column("topiramate_12m", "integer", "topiramate in the last 12 months (1 yes)", "code", allowed=(0, 1)),
    ),
    rules=(
        Rule("not_eligible_botox", "no onabotulinumtoxinA for headache, now or before", ("botox_ever",),
             lambda frame: frame["botox_ever"] != 1, severity="warn", example="botox_ever = 1 in an enrolled row",
             fix=FIX),
        Rule("not_eligible_topiramate", "no topiramate in the last 12 months", ("topiramate_12m",),
             lambda frame: frame["topiramate_12m"] != 1, severity="warn",
             example="topiramate_12m = 1 in an enrolled row", fix=FIX),
    ),
    source="exclusion criteria of NCT04520425",
)  # fmt: skip
