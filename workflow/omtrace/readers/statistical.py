"""A file of SPSS (sav, zsav, por), Stata (dta) or SAS (sas7bdat, xpt), by content whatever the file's name."""

import json
import subprocess
import sys
from pathlib import Path

from pydantic import Field

from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.readers import Extract, Places, Reader, Variable, _statistical
from omtrace.readers.delimited import check_names

SECONDS = 120
CHILD = Path(_statistical.__file__)  # imported, so that it counts among the files that the step uses


class Options(Closed):
    """What such a file may not say of itself."""

    encoding: str = Field(
        "",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$|^$",
        description="of the characters, as iconv names it; empty: as the file says, or its format assumes",
    )
    catalog: str = Field("", description="export that is the SAS catalog (sas7bcat) with the value labels")


def read(content: bytes, options: Options, catalog: bytes = b"") -> Extract:
    """The cases of the file as text; ordinal, line and case number are one, as there are no lines.

    Whole numbers stand without a point, other numbers in the shortest text that reads back the same; dates and
    times as ISO text where the variable's format says so (``date_cells``), in other formats numbers as stored; texts
    without the blanks that fill them up. System-missing is "". User-missing codes of SPSS stay as their codes, extended
    missing values of Stata and SAS become ``.a`` to ``.z``; ``Variable.missing`` lists both, a range by the codes in
    use, and ``Variable.choices`` the other labelled values, which need not be all that a variable may take. The
    decisions tell what the file, or this text, may have lost. Raises Fault if the file cannot be read, holds several
    data sets, or its variables have no proper names.
    """
    answer = _asked(content, catalog, options.encoding)
    columns = tuple(answer["columns"])
    if not columns:
        raise Fault("the file has no variables; export it again")
    check_names(columns, "variables")
    cases = range(1, len(answer["cells"][0]) + 1)
    return Extract(
        columns,
        answer["cells"],
        Places(cases, cases, cases),
        answer["decisions"],
        date_cells=answer["dates"],
        variables={name: Variable(**says) for name, says in answer["variables"].items()},
    )


def _asked(content: bytes, catalog: bytes, encoding: str) -> dict:
    """The answer of the reading process; Fault if it gives none."""
    request = json.dumps({"encoding": encoding, "size": len(content)}).encode() + b"\n" + content + catalog
    command = [sys.executable, "-I", str(CHILD)]
    try:
        done = subprocess.run(command, input=request, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Fault(f"not read within {SECONDS} seconds; split the file, or write it as CSV") from None
    if done.returncode:
        raise Fault("the file is damaged or too large to read; put it back as it was received, or write it as CSV")
    answer = json.loads(done.stdout)
    if "fault" in answer:
        raise Fault(answer["fault"])
    return answer


READER = Reader(Options, read, companions=("catalog",))
