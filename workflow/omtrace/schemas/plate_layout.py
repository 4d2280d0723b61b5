"""Plate layouts: one row a well in use."""

from omtrace.schemas import Column, Reference, Rule, Table


def is_well(frame):
    """Wells of a 96-well plate are named A1 to H12, as the reader names them."""
    return frame["unit_id"].str.fullmatch(r".*/[A-H]([1-9]|1[0-2])")


def needed(role, column):
    """Wells of a role need a value in a column."""
    return lambda frame: (frame["role"] != role) | frame[column].notna()


def nominal_of_control(frame):
    """A known concentration, above zero, is a control's."""
    return frame["nominal"].isna() | (frame["role"].eq("control") & frame["nominal"].gt(0))


TABLE = Table(
    row="one well of a plate and what was put into it",
    key=("unit_id",),
    columns=(
        Column("unit_id", "text", "the well: plate / well", required=True),
        Column("plate", "text", "plate", required=True),
        Column(
            "role",
            "text",
            "what the well holds",
            allowed=("standard", "blank", "sample", "control", "spiked"),
            required=True,
        ),
        Column("sample", "text", "standard, control or animal"),
        Column("concentration", "number", "nominal concentration of a standard, or what was added", "pg/mL", 0),
        Column("dilution", "number", "dilution of the sample", "fold", 1),
        Column("nominal", "number", "known concentration of a control, undiluted", "pg/mL", 0),
        Column("bridge", "text", "what plates share: wells with one name hold the same material, a pool or a sample"),
    ),
    rules=(
        Rule("well_name", "a well from A1 to H12, written as the reader writes it", ("unit_id",), is_well,
             example="A01, or a1, where the reader writes A1",
             fix="write the wells of the layout as the reader's export does"),
        Rule("standard_without_concentration", "a concentration for every standard", ("concentration", "role"),
             needed("standard", "concentration"), example="a standard's well with a blank concentration"),
        Rule("sample_without_dilution", "a dilution for every sample (1: undiluted)", ("dilution", "role"),
             needed("sample", "dilution"), example="an animal's well with a blank dilution"),
        Rule("nominal_without_control", "a known concentration for controls alone", ("nominal", "role"),
             nominal_of_control, example="an animal's well with a known concentration",
             fix="give the well the role control, or take its known concentration out"),
    ),
    optional=("nominal", "bridge"),
    references=(
        Reference("unit_id", "plate_signals", "unit_id"),
        Reference("sample", "animals", "unit_id", where=("role", "sample")),
    ),
    source="the laboratory's layout sheet as this project declares it: every well maps to one standard, control or "
    "animal",
)  # fmt: skip
