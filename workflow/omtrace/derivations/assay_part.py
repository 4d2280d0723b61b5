"""What an assay's concentration consists of: its plate, its limit where it is beyond one, and its errors."""

from typing import Literal

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.texts import repeated

NOT_POSITIVE = "no error of a logarithm: the concentration is not above zero"


class Options(Closed):
    """Of which parameter, and which part."""

    of: str = Field(description="parameter of the dataset with derive: assay, or derive: bridged")
    part: Literal[
        "plate",
        "bound",
        "state",
        "curve_1",
        "curve_2",
        "curve_3",
        "curve_4",
        "curve_5",
        "wells",
        "shift",
        "shift_se",
        "shift_df",
    ] = Field(
        description="plate: its name; bound: the concentration, or the limit that it lies beyond; state: -1 below the "
        "lower limit, 0 within the range, 1 above the upper limit; curve_1 to curve_4 (5PL: to curve_5): errors of the "
        "log concentration that samples of a plate share, in independent units; wells: its variance from the wells; of "
        "a bridged concentration: shift: log factor of the plate that was taken off, shift_se: its standard error, "
        "independent of that of other plates, shift_df: degrees of freedom of it"
    )


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The part, for every sample that has it; the others say what the concentration says, whose cells these are too."""
    import numpy

    whole = context.earlier(name, options.of, ())
    if whole.parts is None:
        raise Fault(f"parameter {name}: {options.of!r} has no parts; it is not derived with derive: assay or bridged")
    records, parts = whole.records, whole.parts()
    part = parts[options.part] if options.part in parts else repeated(None, len(records))
    lacks = part.isna() & (records["status"] == "observed")
    if part.isna().all() and lacks.any():
        raise Fault(f"parameter {name}: {options.of!r} has no part {options.part!r}")
    text = part.dtype.kind not in "iuf"
    status = records["status"].where(part.isna(), "observed").mask(lacks, NOT_POSITIVE)
    number, words = (numpy.nan, part) if text else (part, None)
    return Found.of_columns(records["unit"], records["visit"], number, words, status, whole.cells, whole.tables)


DERIVATION = Derivation(Options, derive)
