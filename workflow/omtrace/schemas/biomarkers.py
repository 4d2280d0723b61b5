"""Biomarker concentrations that a laboratory has worked out itself: one row an animal and marker."""

from omtrace.schemas import Column, Reference, Rule, Table, unit_column


def value_or_flag(frame):
    """A concentration, unless the row says that it is below the limit of detection."""
    return frame["value"].notna() | (frame["below_lod"].fillna(0) == 1)


def flag_agrees(frame):
    """A flagged value is below the limit and any other is not; limits are never put in place of values."""
    below = frame["value"] < frame["lod"]
    known = frame[["value", "lod", "below_lod"]].notna().all(axis=1)
    return (below == (frame["below_lod"] == 1)) | ~known


TABLE = Table(
    row="the concentration of one marker in one animal",
    key=("unit_id", "marker"),
    columns=(
        unit_column("animal"),
        Column("marker", "text", "what was measured, and in which tissue or fluid", required=True),
        Column("value", "number", "concentration; blank where it is below the limit of detection and not known",
               "as in value_unit", 0),
        Column("value_unit", "text", "unit of the concentration and of the limit", required=True),
        Column("below_lod", "integer", "below the limit of detection (1 yes)", "code", allowed=(0, 1)),
        Column("lod", "number", "limit of detection of the assay run", "as in value_unit", 0),
    ),
    rules=(
        Rule("biomarker_value", "a concentration, or the flag that it is below the limit of detection",
             ("value", "below_lod"), value_or_flag, example="a blank concentration without below_lod = 1",
             fix="ask the laboratory whether it was below the limit or not measured"),
        Rule("biomarker_flag", "below_lod = 1 where the concentration is below the limit, else 0",
             ("below_lod", "value", "lod"), flag_agrees, example="2 pg/mL, limit 5 pg/mL, not flagged",
             fix="correct flag or limit at the source; leave a concentration blank rather than putting half the limit"),
    ),
    references=(Reference("unit_id", "animals", "unit_id"),),
    optional=("below_lod", "lod"),
    source="this project: value, limit and flag are kept apart, because putting a fraction of the limit in place of a "
    "value biases estimates (Schisterman 2006, doi:10.1093/aje/kwj039)",
)  # fmt: skip
