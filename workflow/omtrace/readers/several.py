"""Files of one table that come from several readers: each file is read by the one of the plan's readers that fits it.

A laboratory reads one batch on a SoftMax reader and the next on a Gen5: both are readings, a row a plate, wavelength
and well. Every reader in the list is tried on the file; exactly one may be able to read it, or the first bytes must say
which one it is.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from pydantic import Field, model_validator

from omtrace.faults import Fault
from omtrace.model.closed import Closed, PluginOptions
from omtrace.readers import Extract, Reader, options_of, reader_of
from omtrace.readers._recognised import readers_for
from omtrace.readers._wells import MADE

V = TypeVar("V")


class Choice(Closed):
    """One reader, its options, and the names of its columns that are not the table's."""

    reader: str = Field(description="module in readers/")
    options: PluginOptions = Field(default_factory=dict, description="options of the reader")
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="raw column that the table names -> column of this reader's files, such as wavelength: analyte",
    )


class Options(Closed):
    """The readers that are tried."""

    readers: tuple[Choice, ...] = Field(description="readers of the files, each with its options", min_length=2)

    @model_validator(mode="after")
    def known(self) -> "Options":
        """Each is a reader by itself, and its options are its own."""
        try:
            for choice in self.readers:
                if choice.reader == "several" or reader_of(choice.reader).companions:
                    raise ValueError(f"readers: {choice.reader!r} cannot be one of several")
                options_of(reader_of(choice.reader), choice.options, f"readers.{choice.reader}.options")
        except Fault as fault:
            raise ValueError("; ".join(fault.lines)) from None
        return self


def read(content: bytes, options: Options) -> Extract:
    """The file as the reader that fits it gives it. Raises Fault where none does, or it cannot be told which."""
    made: list[tuple[str, Extract]] = []
    refusals: list[str] = []
    for choice in options.readers:
        reader = reader_of(choice.reader)
        try:
            extract = reader.read(content, options_of(reader, choice.options, choice.reader))
        except Fault as fault:
            refusals.append(f"{choice.reader}: {fault.lines[0]}")
            continue
        made.append((choice.reader, _renamed(extract, choice)))
    if not made:
        raise Fault("none of the table's readers reads this file", *refusals)
    fitting = made if len(made) == 1 else [one for one in made if one[0] in readers_for(content)]
    if len(fitting) != 1:
        names = " and ".join(name for name, _ in made)
        raise Fault(
            f"{names} can all read this file; register it under a table of its own, with the reader that is meant"
        )
    name, extract = fitting[0]
    return replace(extract, decisions={**extract.decisions, "read by": name})


def _renamed(extract: Extract, choice: Choice) -> Extract:
    """Columns under the names that the table has for them. Raises Fault for one that the file does not have."""
    if lost := sorted(set(choice.columns.values()) - set(extract.columns)):
        raise Fault(f"columns: the files of this reader have no column {lost[0]!r}")
    names = {raw: name for name, raw in choice.columns.items()}

    return replace(
        extract,
        columns=tuple(names.get(column, column) for column in extract.columns),
        doubts=[replace(doubt, column=names.get(doubt.column, doubt.column)) for doubt in extract.doubts],
        date_cells=_moved(extract.date_cells, names),
        unscheduled=_moved(extract.unscheduled, names),
        unopened=_moved(extract.unopened, names),
        variables=_moved(extract.variables, names),
    )


def _moved(by_column: Mapping[str, V], names: Mapping[str, str]) -> dict[str, V]:
    return {names.get(column, column): value for column, value in by_column.items()}


READER = Reader(Options, read, made=MADE)
