"""Treatment sessions: one row an attended session."""

from omtrace.schemas import Column, Table, unit_column

TABLE = Table(
    row="one attended treatment session of a participant",
    key=("unit_id", "session"),
    columns=(
        unit_column("participant"),
        Column("session", "text", "which session", required=True),
        Column("session_on", "date", "day of the session", required=True),
        Column("movements_done", "integer", "myofascial release movements done (the protocol has five)", "", 0, 5),
        Column("minutes", "integer", "minutes of release in all (the protocol has five)", "min", 0, 30),
    ),
)
