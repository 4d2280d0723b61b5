"""Labelled cells in tissue sections: one row an animal, marker and section."""

from omtrace.schemas import Column, Reference, Table, unit_column

TABLE = Table(
    row="one section of an animal, counted for one marker",
    key=("unit_id", "marker", "section"),
    columns=(
        unit_column("animal"),
        Column("marker", "text", "what was labelled, and where", allowed=("cfos_tnc", "cgrp_tg"), required=True),
        Column("section", "integer", "section, numbered from 1", "1", 1, required=True),
        Column("count", "integer", "labelled cells", "cells", 0, required=True),
    ),
    references=(Reference("unit_id", "animals", "unit_id"),),
    source="markers as in Byrd 2024, doi:10.3389/fpain.2024.1280589: c-Fos in the trigeminal nucleus caudalis, CGRP in "
    "the trigeminal ganglion",
)
