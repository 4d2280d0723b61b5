# Helper functions of the rules. What a stage depends on is a file, its declared input, written here (docs/design.md).
import atexit
import os
import re
import sys
import threading
from collections import defaultdict
from dataclasses import replace
from functools import cache
from pathlib import Path
from time import time

from omtrace.job import print_faults
from omtrace.provenance.ledger import count
from omtrace.intake.plan_check import check_once, read_whole
from omtrace.provenance.stage_inputs import buckets_of, index_inputs, plugins_of, stages_of
from omtrace.warm_start import warm_up
from omtrace.model.checkout import refuse_closed, refuse_folder, refuse_locked
from omtrace.model.closed import nearest
from omtrace.provenance.code import library_digest
from omtrace.model.config import read_config
from omtrace.model.register import by_study, custody_faults, exports_of, read_register
from omtrace.model.slices import STAGES
from omtrace.provenance.listings import drop_broken_listing
from omtrace.provenance.stages import write_stage

STARTED = time()

# One BLAS thread a job: two make small fits several times slower. Jobs inherit the environment.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

or_stop(refuse_folder, str(WORKFLOW.parent), sys.executable)
CONFIG = or_stop(read_config, config)
SHIPPED = list(CONFIG.studies)
STUDIES = [*SHIPPED, *CONFIG.retrieved]
EXPORTS = or_stop(read_register, CONFIG.register_, CONFIG.raw)
EXPORTS_OF = defaultdict(list, by_study(EXPORTS))  # all rows of a study
# A module may have a prefix. Then its ledger lies below it too: another module may run a study of the same name.
RESULTS, LOGS, DATA = map(workflow.modifier.path_modifier.replace_prefix, ("results", "logs", "data"))
HOME = Path(DATA).parent.as_posix()
FOLDERS = replace(CONFIG.folders, base=Path(os.path.relpath(".", HOME)).as_posix())


LEDGER_LINES = count(HOME)  # as the run begins


def is_going_to_lock():
    """Whether this is a run that Snakemake will lock: no dry run, none of its other commands, no job of a cluster."""
    settings = workflow.execution_settings
    return bool(settings and settings.lock) and workflow.is_main_process and not workflow.dryrun


def warm_up_for_jobs():
    """Start the process of which jobs are forked, once a run.

    Jobs of other machines cannot reach it, and would leave the share of this machine that they asked for.
    """
    if not workflow.non_local_exec:
        warm_up()


@cache
def plan_of(study):
    """The checked plan of a study; what its modules declare is checked when the plan or one of them has changed.

    Where another run has the study, this one stops here, before it writes anything.
    """
    if is_going_to_lock():
        or_stop(refuse_locked, f"{RESULTS}/{study}")
    plan = or_stop(read_whole, FOLDERS.plan(study))
    modules = {name for stage in STAGES for name in plugins_of(plan, stage)}
    or_stop(check_once, plan, library_digest([], sorted(modules)), LOGS, FOLDERS.plan(study))
    return plan


@cache
def custody_of(study):
    """Stop, before any job, if the raw files of a study and the register differ; all faults at once."""
    if faults := custody_faults(EXPORTS_OF[study], study, raw=CONFIG.raw):
        stop(faults)


def raw_of(wildcards):
    """The raw files that a study reads. Their content counts, through the stage file; their time does not.

    Those of a study of many files are inputs of the jobs that read them: Snakemake looks up, and hashes, every input of
    every job.
    """
    if buckets_read(wildcards.study):
        return []
    return [local(ancient(export.path)) for export in exports_of(EXPORTS_OF[wildcards.study], wildcards.study)]


@cache
def buckets_read(study):
    """The files of a study by the bucket in which they are read; none for a study of few files."""
    custody_of(study)
    return buckets_of(EXPORTS_OF[study], study)


def raw_of_bucket(wildcards):
    """The raw files of a bucket: each one that has to be retrieved; of the others the folders that they are in.

    Snakemake looks up every input of every job at every start, and of those that are ready again and again: thousands
    of files would take it longer than reading them. Which files of a folder a bucket reads, and their digests, is in its
    stage file.
    """
    files = buckets_read(wildcards.study)[wildcards.bucket]
    retrieved = [file.path for file in files if file.origin == "retrieved"]
    folders = sorted({os.path.dirname(file.path) for file in files if file.origin != "retrieved"})
    return [local(ancient(path)) for path in retrieved + folders]


def parts_of(wildcards):
    """What was read of the files of a study, by bucket."""
    return [f"results/{wildcards.study}/read/{bucket}" for bucket in buckets_read(wildcards.study)]


def part_listings(wildcards):
    """The listings of the same."""
    return [f"results/{wildcards.study}/stages/read-{bucket}.sha256" for bucket in buckets_read(wildcards.study)]


@cache
def stage_files(study):
    """Write what each stage of a study depends on, where it has changed: stage -> file.

    All at once, since Snakemake looks into a folder once. A stage whose listing is no longer true loses it, and so runs
    again.
    """
    folder = Path(RESULTS, study)
    stages = stages_of(plan_of(study), EXPORTS_OF[study], FOLDERS, HOME)
    for stage, inputs in stages.items():
        is_dropped = or_stop(drop_broken_listing, stage, folder, inputs.text)
        is_changed = or_stop(write_stage, inputs, folder / "stages" / f"{stage}.json")
        if (is_dropped or is_changed) and is_going_to_lock():
            warm_up_for_jobs()  # its imports go on beside the rest of the start
    return {stage: (folder / "stages" / f"{stage}.json").as_posix() for stage in stages}


def stage_of(stage):
    """The stage file of a rule, as an input."""
    return lambda wildcards: local(stage_files(wildcards.study)[stage.format(**wildcards)])


def plates_of(study):
    """The listing of the plate pages, where the plan of a study asks for them."""
    return [f"results/{study}/stages/plates.sha256"] if plan_of(study).plates else []


def plates_of_study(wildcards):
    """The same, as an input of a rule."""
    return plates_of(wildcards.study)


def results_of(study):
    """What a study's run makes: all of it is asked for, so that whatever is missing is made again."""
    custody_of(study)
    stage_files(study)
    stages = ("validate", "derive", "analyse", "render", "record")
    made = [f"results/{study}/stages/{stage}.sha256" for stage in stages]
    return [*made, *plates_of(study), f"results/{study}/manifest.json"]


def shipped_results(wildcards):
    """The results of all shipped studies."""
    return [path for study in SHIPPED for path in results_of(study)]


INDEX_STAGE = Path(RESULTS, "stages/index.json")  # a folder of its own: Snakemake looks into a folder once


def inputs_of_index():
    """What the index depends on as it is now."""
    return or_stop(index_inputs, SHIPPED, CONFIG.retrieved, RESULTS, HOME)


def index_stage(wildcards):
    """The stage file of the index, written where it has changed."""
    or_stop(write_stage, inputs_of_index(), INDEX_STAGE)
    return local(INDEX_STAGE.as_posix())


def shipped_packets(wildcards):
    """The packets of all shipped studies."""
    return [f"releases/{study}.zip" for study in SHIPPED]


def retrieved_paths():
    """The paths that the retrieve rule makes, as a pattern."""
    raw = f"{Path(CONFIG.raw).as_posix()}/"
    paths = [export.path.removeprefix(raw) for export in EXPORTS if export.origin == "retrieved"]
    return "|".join(re.escape(path) for path in paths) or "none"


def register_row(wildcards):
    """The register's row of a retrieved file."""
    return vars(next(export for export in EXPORTS if export.path == f"{CONFIG.raw}/{wildcards.file}"))


def name_nearest_study(words):
    """Name the nearest study to a word of the command line that is nearly one: Snakemake knows no nearest target."""
    known = {*STUDIES, *(rule.name for rule in workflow.rules)}
    for word in words:
        if re.fullmatch(r"\w+", word) and word not in known and (hint := nearest(word, STUDIES)):
            sys.stderr.write(f"omtrace: {word}: there is no such study{hint}\n")


def end_waiting():
    """End the threads that would have Snakemake look for ready jobs again: all jobs have ended, but it waits for them."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()


def refuse_closed_folders():
    """Stop before the first job where one cannot write: Snakemake, which clears up first, would end in a traceback."""
    jobs = workflow.dag.needrun_jobs()
    or_stop(refuse_closed, [path for job in jobs for path in (*job.output, *job.log)])


def end_with_refusals():
    """Say what the data did not allow to be computed; where the plan wants it, or it is primary, end with exit code 1.

    Everything has been made by then: a job that failed instead would take its results, and those before it, away.
    """
    from omtrace.provenance.closing import refusals

    studies = {job.wildcards.study for job in workflow.dag.jobs if "study" in job.wildcards.keys()}
    lines = [refusals(plan_of(study), f"{RESULTS}/{study}") for study in sorted(studies)]
    for line, _ in lines:
        if line:
            sys.stderr.write(f"omtrace: {line}\n")
    if any(stops for _, stops in lines):
        sys.exit(1)


def refresh_index():
    """Make the index again where this run has recorded what no job of it shows.

    That is after a run of single studies, since a job would have all other studies made first; and after one in which a
    study that is not shipped was recorded: the job cannot wait for it, as the next run would then make that study too.
    """
    if count(HOME) == LEDGER_LINES:
        return
    inputs = inputs_of_index()
    is_changed = or_stop(write_stage, inputs, INDEX_STAGE)
    if any(job.rule.name == "write_index" for job in workflow.dag.jobs) and not is_changed:
        return
    from omtrace.intake.query_log import states_of
    from omtrace.provenance.ledger import findings_of_runs
    from omtrace.report.index import write_index

    documents = inputs.documents
    there = [path for study in SHIPPED if (path := Path(RESULTS, study, "manifest.json")).is_file()]
    if there or any(Path(path).name == "manifest.json" for path in documents):  # else the results are in a storage
        files = Path(RESULTS, "index.html"), Path(RESULTS, "validation")
        or_stop(write_index, [*there, *documents], states_of(documents), *files, findings_of_runs(HOME))
        for mark in files[1].glob(".snakemake_timestamp"):  # the time of a folder, to Snakemake: it is newly made
            mark.touch()


def print_head():
    """Print what to keep of a run: the head digest of all studies that have results; and which earlier numbers changed."""
    from omtrace.provenance.closing import closing

    for line in closing(STUDIES, LEDGER_LINES, HOME, LOGS):
        print(line)


def print_head_of_module():
    """Print the same at the end of a run in which this workflow is a module and has recorded something."""
    if workflow.is_main_process and count(HOME) > LEDGER_LINES:
        print_head()


if not workflow.modifier.is_main_snakefile():  # of a module Snakemake calls no handler
    atexit.register(print_head_of_module)
