"""Daily headache diary of an observational study: one row a patient and day."""

from omtrace.schemas import Column, Table, unit_column

TABLE = Table(
    row="one diary day of a patient",
    key=("unit_id", "day"),
    columns=(
        unit_column("patient"),
        Column("day", "integer", "day counted from the onset of treatment (0)", "d", -366, 366, required=True,
               source="wide bounds for diaries of some months, declared by this project"),
        Column("study_day", "integer", "day counted from the start of the study", "d", 1, 3660, required=True,
               source="wide bounds for a study of some years, declared by this project"),
        Column("headache", "text", "headache that day", allowed=("yes", "no"), required=True),
        Column("headache_type", "text", "type of migraine", allowed=("Aura", "No Aura", "Mixed"), required=True),
        Column("age", "integer", "age at the start of treatment", "years", 10, 110, required=True),
        Column("sex", "text", "sex", allowed=("female", "male"), required=True),
        Column("air_quality", "number", "air quality", "index", 0, required=True),
        Column("medication", "text", "abortive medication during the study", allowed=("none", "reduced", "continuing"),
               required=True),
    ),
    source="KosteckiDillon in the R package carData 3.0-5 (Kostecki-Dillon 1999)",
)  # fmt: skip
