"""Treatment sessions: one row an attended session."""

from omtrace.schemas import Column, Rule, Table, unit_column

MOVEMENTS = 5  # of one minute each

TABLE = Table(
    row="one attended treatment session of a participant",
    key=("unit_id", "session"),
    columns=(
        unit_column("participant"),
        Column("session", "text", "which session", required=True),
        Column("session_on", "date", "day of the session", required=True),
        Column("movements_done", "integer", "myofascial release movements done (the protocol has five)", "count", 0,
               MOVEMENTS),
        Column("minutes", "integer", "minutes of release in all (the protocol has five)", "min", 0, 30),
    ),
    rules=(
        Rule("session_movements", f"all {MOVEMENTS} movements of the protocol", ("movements_done",),
             lambda frame: frame["movements_done"] == MOVEMENTS, severity="note", example="4 movements in a session",
             fix="nothing, if the record is right: it counts as a session that was not complete"),
        Rule("session_minutes", "one minute for each movement done", ("minutes", "movements_done"),
             lambda frame: frame["minutes"] == frame["movements_done"], severity="note",
             example="5 movements in 8 minutes", fix="nothing, if the record is right; else correct it at the site"),
    ),
    source="Burke 2023, doi:10.1370/afm.22.s1.5587: five standardised movements of one minute each",
)  # fmt: skip
