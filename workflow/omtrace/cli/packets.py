"""Commands for what leaves the pipeline and for who checks it: release."""

import click

from omtrace.cli.command import command, complete_study, json_option, print_json
from omtrace.cli.exit_codes import ExitCode


@command("release", "omt_rct --to ~/Desktop/omt_rct.zip")
@click.argument("study", metavar="STUDY", shell_complete=complete_study)
@click.option("--to", metavar="FILE", default="", help="The zip file; by default releases/STUDY.zip.")
@click.option("--all", "everything", is_flag=True, help="Confidential results and raw files as well.")
@click.option("--no-ledger", is_flag=True, help="Leave the ledger out, which names accounts and machines.")
@json_option
def release(study: str, to: str, everything: bool, no_ledger: bool, as_json: bool) -> ExitCode:
    """Make one zip file of a study that a reviewer can check alone.

    It holds the results that may leave, the plan, the register's rows, the locked environment, the code, the way of
    each number as JSON lines, and verify.py, which needs Python alone: it checks every digest, the ledger's chain and
    the numbers of every table, and says what it did not check. Built twice, the file has the same bytes.

    Nothing is released where anything that the results rest on is not as the run recorded it.
    """
    from omtrace.audit.packet import MODES
    from omtrace.audit.packet import release as make
    from omtrace.model.register import sha256_of

    path = make(study, to, everything, not no_ledger)
    size, digest = path.stat().st_size, sha256_of(path)
    if as_json:
        print_json({"study": study, "path": path.as_posix(), "size": size, "sha256": digest, "mode": MODES[everything]})
    else:
        print(f"{path.as_posix()}: {MODES[everything]}, {size / 1e6:.1f} MB\nsha256 {digest}")
    return ExitCode.FINE
