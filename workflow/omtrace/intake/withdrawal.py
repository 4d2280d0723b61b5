"""Taking a registered file out of what is read: ``omtrace register --withdraw FILE --reason TEXT``.

The file and its row stay in custody, so that earlier results can still be traced; the row says from which day on
nothing reads it, and the ledger why.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from omtrace.faults import Fault
from omtrace.intake.registration import place_of, put_register
from omtrace.model.folders import read_registered
from omtrace.model.register import Export, export_at, exports_of


class Withdrawal(NamedTuple):
    """The row of a file that was withdrawn, and the exports that its table still has."""

    export: Export
    remaining: list[Export]


def withdraw(file: str | Path, reason: str, root: str | Path = ".") -> Withdrawal:
    """Mark the row of a file as withdrawn.

    Raises Fault, and changes nothing, for a file that is not registered, not read any more, or without a reason.
    """
    root = Path(root)
    if not reason.strip():
        raise Fault("--withdraw: say why with --reason TEXT; the ledger keeps it")
    known = read_registered(root)
    old = export_at(known, place_of(file, root))
    if old.withdrawn:
        raise Fault(f"{old.path}: withdrawn already, on {old.withdrawn}")
    if later := next((e for e in known if e.replaces == str(old.number)), None):
        raise Fault(f"{old.path}: replaced already, by {later.path} (number {later.number}); withdraw that one")
    gone = replace(old, withdrawn=date.today().isoformat())
    rows = [gone if export.number == old.number else export for export in known]
    details = {"withdrawn": old.number, "path": old.path, "reason": reason}
    put_register("withdraw", old.study, details, rows, root)
    return Withdrawal(gone, exports_of(rows, old.study, old.table))


def withdraw_and_print(file: str, reason: str) -> bool:
    """Withdraw a file and print what is read from now on."""
    export, remaining = withdraw(file, reason)
    print(f"{export.path} (number {export.number}): withdrawn; it stays where it is, and nothing reads it")
    read = ", ".join(other.path for other in remaining)
    print(
        f"table {export.table} of {export.study} is read from "
        + (read or "no file: take it out of the plan, or register one")
    )
    return True
