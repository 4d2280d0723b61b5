"""Commands for what leaves the pipeline, and for those who check it."""

from typing import TYPE_CHECKING, NamedTuple

import click

from omtrace.cli.command import bundled, command, complete_study, json_option, print_json
from omtrace.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from omtrace.figures._sheet import Form


class ReleaseOptions(NamedTuple):
    """How a packet is made: the file; whether confidential results and the ledger go in; the key that signs it."""

    to: str | None
    everything: bool
    ledger: bool | None
    sign: str | None


class FigureOptions(NamedTuple):
    """How figures are drawn: as what, with how many dots per inch, where to, and whether as they may leave."""

    form: "Form"
    dpi: int
    target: str | None
    share: bool


@command("release", "omt_rct --to ~/Desktop/omt_rct.zip")
@click.argument("study", metavar="STUDY", shell_complete=complete_study)
@click.option("--to", metavar="FILE", help="The zip file; by default releases/STUDY.zip.")
@click.option("--all", "--with-rows", "everything", is_flag=True, help="Confidential results and raw files as well.")
@click.option(
    "--ledger/--no-ledger",
    default=None,
    help="With the ledger, which names accounts, machines and all other studies; by default with --all alone.",
)
@click.option("--sign", metavar="KEY", help="Sign it with a private key (Ed25519), as ssh-keygen -t ed25519 makes one.")
@json_option
@bundled(ReleaseOptions)
def release(study: str, options: ReleaseOptions, as_json: bool) -> ExitCode:
    """Make one zip file of a study that a reviewer can check alone.

    It holds the results in share mode (no rows of people, small cells held back, see export --share), the plan, the
    register's rows, the locked environment, the code, the way of each number as JSON lines, and verify.py, which needs
    Python alone: it checks every digest, the ledger's chain and the numbers of every table, and says what it did not
    check. Built twice, the file has the same bytes. The ledger names other studies: in share mode it is in it only if
    asked for.

    Nothing is released where anything that the results rest on is not as the run recorded it, or where a file that may
    leave is made of one that was not checked for small cells.

    --sign adds an in-toto statement on packet.json, which names every file, in a DSSE envelope. It needs the package
    cryptography (make signing); who checks it needs Python and your public key: verify.py --key KEY.pub. A passphrase
    is asked for.
    """
    from omtrace.audit import signature
    from omtrace.audit.packet import MODES
    from omtrace.audit.packet import release as make
    from omtrace.model.register import sha256_of

    def asked() -> str:
        return str(click.prompt("Passphrase", hide_input=True, err=True))

    key = signature.private_key(options.sign, asked) if options.sign else None
    path = make(study, options.to or "", options.everything, options.ledger)
    signed = signature.sign_packet(path, key, options.everything) if key else ""
    size, digest, mode = path.stat().st_size, sha256_of(path), MODES[options.everything]
    if as_json:
        about = {"study": study, "path": path.as_posix(), "size": size, "sha256": digest, "mode": mode}
        print_json({**about, "signed_by": signed})
    else:
        print(f"{path.as_posix()}: {mode}, {size / 1e6:.1f} MB\nsha256 {digest}")
        if signed:
            print(f"signed with the key {signed}")
    return ExitCode.FINE


@command("compare", "HEAD~3 HEAD --study rat_dnase_elisa")
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option("--study", metavar="NAME", shell_complete=complete_study, help="Where there are several.")
@click.option(
    "--tolerance",
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    default=1e-9,
    show_default=True,
    help="Relative difference up to which two values are within tolerance.",
)
@click.option("--all", "every", is_flag=True, help="Show every number that differs.")
@json_option
def compare(old: str, new: str, study: str | None, tolerance: float, every: bool, as_json: bool) -> ExitCode:
    """Compare the numbers of two results of a study, and say why they differ.

    A and B are packets, a study's folders of results, folders that hold results/, or revisions of git (HEAD~3, a tag),
    whose files are taken into a temporary worktree and run there, without a network, in the environment of this
    checkout; numbers that are here already, made of the same files, are read instead. Each number is identical, within
    tolerance, the same as displayed, changed, missing (in A only) or new (in B only). Those that differ are listed by
    cause: the first difference upstream, which is a raw cell, a key of the plan with both values, a seed, code, or the
    environment.

    The exit code is 0 if all are identical or within tolerance, 4 if they are the same as displayed, else 1. The output
    may hold raw values and is confidential.
    """
    from omtrace.audit import compare as module

    comparison = module.compare(old, new, study or "", tolerance)
    if as_json:
        print_json(module.document(comparison))
    else:
        print("\n".join(module.lines_of(comparison, every)))
    return exit_code_of(comparison.counts)


def exit_code_of(counts: dict[str, int]) -> ExitCode:
    """The exit code of a comparison: the worst that became of a number."""
    if any(counts[state] for state in ("changed", "missing", "new")):
        return ExitCode.FAILED
    return ExitCode.WARNING if counts["same as displayed"] else ExitCode.FINE


@command("reproduce", "~/Desktop/omt_rct.zip --raw ~/data")
@click.argument("packet", metavar="PACKET")
@click.option(
    "--raw",
    metavar="FOLDER",
    multiple=True,
    help="Where raw files are that the packet does not hold; by default those of this checkout and OMTRACE_MIRROR.",
)
@click.option("--cores", metavar="N", type=click.IntRange(1), default=2, show_default=True, help="Jobs at a time.")
@json_option
def reproduce(packet: str, raw: list[str], cores: int, as_json: bool) -> ExitCode:
    """Run a packet again and say whether its numbers come out.

    The packet is checked first. What differs between the environment of its run and this one is listed, its code is run
    in a temporary folder with the raw files, found by their sha256, and every number is compared. The exit code is 0 if
    all are the same to their stored digits (or within 1e-9), 4 if they are the same as displayed, else 1.
    """
    import os

    from omtrace.audit import reproduce as module
    from omtrace.audit.compare import document
    from omtrace.model.folders import folders_of

    folders = raw or [folder for folder in (folders_of().raw, os.environ.get("OMTRACE_MIRROR", "")) if folder]
    made = module.reproduce(packet, folders, cores)
    assert made.comparison is not None
    if as_json:
        files = {"same_files": made.same_files, "all_files": made.all_files}
        print_json({"verdict": made.verdict, "environment": made.environment, **files, **document(made.comparison)})
    else:
        print("\n".join(module.lines_of(made)))
    return exit_code_of(made.comparison.counts)


@command("export", "omt_rct --to docx")
@click.argument("study", metavar="STUDY", shell_complete=complete_study)
@click.option(
    "--to", "form", metavar="FORMAT", help="csv, docx, latex, md, rtf or xlsx; adam; ars; pzfx; html with --share."
)
@click.option("--share", is_flag=True, help="Hold small cells back; without --to, the report without rows as html.")
@click.option(
    "--shells",
    is_flag=True,
    help="The tables before there are data, with xx.x for numbers; as docx without --to.",
)
@click.option("--file", "file", metavar="FILE", help="By default releases/STUDY with the format's ending.")
@json_option
def export(study: str, form: str | None, share: bool, shells: bool, file: str | None, as_json: bool) -> ExitCode:
    """Write all tables of a study as one file: numbered titles, notes, and the id of each number.

    The ids are hidden properties: tags of content controls (docx), a hidden sheet (xlsx), bookmarks (rtf), a command
    that prints its second argument (latex), comments (md), a column (csv). The file is read back before it is put in
    place, and has to hold every number as it was written. The same results give the same bytes.

    --to adam writes the analysis data sets ADSL and ADBDS (CSV, Parquet, XPT 5, Dataset-JSON 1.1) with the raw files
    and columns behind each variable, as a confidential zip file; --to ars the results as CDISC ARS 1.0 JSON, one
    operation a number, with its id; --to pzfx the values by parameter and group for GraphPad Prism, as a confidential
    file. --shells writes the tables before there are data, from the plan alone.

    With --share no number can be read or worked out that rests on fewer units than the plan allows
    (disclosure.threshold, 5): small counts and what gives them away, minima and maxima, and quantiles of few show as
    [c], and all others have the digits that are displayed.
    """
    from omtrace.report import exports

    if not form and not share and not shells:
        raise click.UsageError("say what to write: --to FORMAT, --share or --shells")
    known = [*exports.formats(), "adam", "ars", "pzfx", "html"]
    if form and form not in known:
        raise click.UsageError(f"{form!r} is not one of {', '.join(known)}.")
    if shells and (share or form in ("adam", "ars", "pzfx", "html")):
        raise click.UsageError("shells are tables, and hold no numbers: --shells --to FORMAT")
    if form == "html" and not share:
        raise click.UsageError(
            "the report with rows is results/STUDY/report.html; --share writes the one that may leave"
        )
    if shells:
        from omtrace.intake.plan_check import read_whole
        from omtrace.model.folders import folders_of
        from omtrace.report.shells import document_of_shells

        document = document_of_shells(read_whole(folders_of().plan(study)))
        path = exports.write(document, form or "docx", file or exports.FOLDER / f"{study}_shells")
    elif form == "adam":
        from omtrace.report.adam import export_adam

        path = export_adam(study, file or "", share=share)
    elif form == "pzfx":
        from omtrace.report.prism import export_prism

        path = export_prism(study, file or "", share=share)
    elif form == "ars":
        from omtrace.report.ars import export_ars

        path = export_ars(study, file or "", share=share)
    elif share and form in (None, "html"):
        from omtrace.report.share import write_page

        path = write_page(study, file or "")
    else:
        path = exports.export(study, form or "", file or "", share=share)
    if as_json:
        print_json({"study": study, "path": path.as_posix(), "size": path.stat().st_size})
    else:
        print(path.as_posix())
    return ExitCode.FINE


@command("figures", "omt_rct --format png --dpi 600 --out figures")
@click.argument("study", metavar="STUDY", shell_complete=complete_study)
@click.option(
    "--format", "form", type=click.Choice(["pdf", "png", "svg"]), default="pdf", show_default=True, help="As what."
)
@click.option("--dpi", metavar="N", type=click.IntRange(72, 1200), default=300, show_default=True, help="Of a PNG.")
@click.option("--out", "target", metavar="FOLDER", help="By default releases/STUDY-figures.")
@click.option("--share", is_flag=True, help="As they may leave: without single units and small cells.")
@json_option
@bundled(FigureOptions)
def figures(study: str, options: FigureOptions, as_json: bool) -> ExitCode:
    """Draw the figures of a study again from its stored results, each with the values drawn as CSV.

    A PDF has its text as text. The same results give the same bytes. Figures show marks of single participants or
    animals: they are as confidential as the study is.

    With --share they are drawn from the numbers that may leave (see export --share) and from nothing else: no point,
    line or tooltip of a participant or animal. A figure that can show these alone, or of whose numbers none is left, is
    not drawn, and named as held back.
    """
    from omtrace.figures import export_figures
    from omtrace.report.share import Written, write_figures

    how = study, options.form, options.dpi, options.target or f"releases/{study}-figures"
    made = write_figures(*how) if options.share else Written(export_figures(*how), {})
    paths = [path.as_posix() for path in made.paths]
    if as_json:
        print_json({"study": study, "paths": paths, "held_back": made.held_back})
    else:
        print("\n".join([*paths, *(f"held back: {title}: {why}" for title, why in made.held_back.items())]))
    return ExitCode.FINE


@command("whatif", "omt_rct --cell data/raw/omt_rct/questionnaires.csv:17:hit6_3=10 --without-unit R017")
@click.argument("study", metavar="STUDY", shell_complete=complete_study)
@click.option("--cell", "cells", metavar="RAW:LINE:COLUMN=TEXT", multiple=True, help="The cell holds this text.")
@click.option("--without-row", "rows", metavar="RAW:LINE", multiple=True, help="The row is not there.")
@click.option("--without-unit", "units", metavar="UNIT", multiple=True, help="The participant or animal is not there.")
@click.option("--without-batch", "batches", metavar="BATCH", multiple=True, help="The files of a batch are not there.")
@click.option("--all", "every", is_flag=True, help="Show every number that changes.")
@json_option
def whatif(
    study: str, cells: list[str], rows: list[str], units: list[str], batches: list[str], every: bool, as_json: bool
) -> ExitCode:
    """Show the numbers and conclusions that would be others if the data were.

    A copy of the raw files is edited and the study computed from it, as a run would; nothing of the study is touched.
    Each option may be given several times. Conclusions are decisions, and p values on one side of their level; those of
    primary analyses come first. Cells and rows are those of delimited text (CSV).
    """
    from omtrace.audit import whatif as module
    from omtrace.intake.plan_check import read_whole
    from omtrace.model.folders import folders_of, read_registered

    if not (cells or rows or units or batches):
        raise click.UsageError("say what is to be otherwise: --cell, --without-row, --without-unit or --without-batch")
    changes = tuple(module.parse_change(text) for text in (*cells, *rows))
    question = module.Question(changes, tuple(units), tuple(batches))
    folders = folders_of()
    answer = module.whatif(read_whole(folders.plan(study)), read_registered(), question, folders)
    if as_json:
        print_json(module.document(answer))
    else:
        print("\n".join(module.lines_of(answer, every)))
    return ExitCode.FINE


@command("manuscript", "draft.md --study omt_rct")
@click.argument("draft", metavar="DRAFT")
@click.option(
    "--study", "studies", metavar="NAME", multiple=True, help="The study it is about; by default all that have results."
)
@click.option("--to", metavar="FILE", help="Fill the tokens {{ n:ID }} of DRAFT, and write it here.")
@click.option("--all", "every", is_flag=True, help="List every number, those that are results too.")
@json_option
def manuscript(draft: str, studies: list[str], to: str | None, every: bool, as_json: bool) -> ExitCode:
    """List the numbers of a draft that match no result, or another rounding of one; or fill a template.

    DRAFT is Markdown, LaTeX, text, Word or PDF (read by pdftotext, and not filled). Years, dates, levels of intervals,
    and numbers of tables, figures, sections and references are left out. Where there are many results, a number of few
    digits matches one by chance; a token leaves no doubt: {{ n:e76be4204d0b }} becomes the number as the report shows
    it, {{ n:e76be4204d0b|2 }} with two decimals. The exit code is 1 if a number matches no result, 4 if one is another
    rounding, or has a minus that the result has not.
    """
    from dataclasses import asdict

    from omtrace.audit.address import estimates, studies_there
    from omtrace.report import manuscript as module
    from omtrace.report.drafts import read_draft
    from omtrace.report.exports import document_of
    from omtrace.store import write_bytes

    names = studies or studies_there()
    numbers = [row for study in names for row in estimates(study)]
    if to:
        shown = {number: text for study in names for number, text in document_of(study).numbers}
        write_bytes(to, module.fill(draft, {row.id: row for row in numbers}, shown.__getitem__), confidential=False)
    found = module.check_draft(read_draft(to or draft), numbers)
    if as_json:
        print_json({"studies": names, "numbers": [asdict(one) for one in found]})
    else:
        print("\n".join(module.lines_of(found, every)))
    states = {one.state for one in found}
    if module.State.NONE in states:
        return ExitCode.FAILED
    return ExitCode.WARNING if states - {module.State.MATCH} else ExitCode.FINE
