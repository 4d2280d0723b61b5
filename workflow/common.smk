# Helper functions of the rules. Whatever makes a result is a parameter of its rule, as a digest of its content:
# Snakemake itself misses edits with an old time stamp, edits of imported modules and swapped parameters.
import hashlib
import json
import os
import re
import sys
from functools import cache
from pathlib import Path

from omtrace.crosschecks import USUAL
from omtrace.faults import Fault
from omtrace.lineage.closing import closing
from omtrace.lineage.ledger import count
from omtrace.lineage.manifest import is_older, made_with
from omtrace.lineage.plan_check import check_once, read_whole
from omtrace.prepared import prepare
from omtrace.study.code import library_digest
from omtrace.study.config import read_config
from omtrace.study.plan import plan_file
from omtrace.study.register import custody_faults, exports_of, read_register, sha256_of

# One BLAS thread a job: two make small fits several times slower. Jobs inherit the environment.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

# Snakemake imports pandas to see whether a parameter is a frame, 0.3 s of every start, unless it is told there is none.
# Nothing that runs in Snakemake's own process uses it; jobs have processes of their own.
sys.modules.setdefault("pandas", None)

SCRIPTS = Path(workflow.basedir, "scripts") if Path(workflow.basedir, "scripts").is_dir() else Path("workflow/scripts")
ENVIRONMENT = sha256_of("envs/requirements.lock")
LEDGER_LINES = count()  # as the run begins


def stop(lines):
    """End the run with these lines alone: an exception would bring Snakemake's list of workflow files with it."""
    sys.stderr.write("".join(f"omtrace: {line}\n" for line in lines))
    sys.exit(1)


def told(call, *arguments):
    """The result of a call, with a fault as plain lines that stop the run before any job."""
    try:
        return call(*arguments)
    except Fault as fault:
        stop(fault.lines)


CONFIG = told(read_config, config)
SHIPPED = list(CONFIG.studies)
STUDIES = [*SHIPPED, *CONFIG.retrieved]
if any(is_older(study) for study in SHIPPED):
    prepare()  # there will be jobs: the libraries are imported while they are planned
EXPORTS = told(read_register)


@cache
def plan_of(study):
    """The checked plan of a study; what its modules declare is checked when the plan or one of them has changed."""
    plan = told(read_whole, plan_file(study))
    modules = [name for stage in STAGES for name in plugins_of(plan, stage)]
    told(check_once, plan, digest_of([plan.model_dump(mode="json", by_alias=True), library_digest([], modules)]))
    return plan


def digest_of(value):
    """Hex sha256 of a value as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@cache
def faults_of(study):
    """What is wrong with a study's raw files against the register; they are hashed once a run."""
    return custody_faults(EXPORTS, study)


def custody_of(studies):
    """Stop, before any job, if raw files and register of these studies differ; all faults at once."""
    faults = dict.fromkeys(fault for study in studies for fault in faults_of(study))
    if faults:
        stop(faults)


RESULTS = (
    "validated",
    "datasets",
    "estimates.csv",
    "rowsets.parquet",
    "definitions.json",
    "figures",
    "report.html",
    "dictionary",
    "manifest.json",
)


def results_of(study):
    """What a study's run makes: all of it is asked for, so that whatever is missing is made again."""
    return [f"results/{study}/{name}" for name in RESULTS]


def plates_of(study=None):
    """The folder of plate pages, where a study's plan asks for them, as an input; the plan is read when it is asked."""

    def pages(wildcards):
        name = study or wildcards.study
        return [f"results/{name}/plates"] if plan_of(name).plates else []

    return pages


def shipped_results(wildcards):
    """The results of all shipped studies, once custody is in order."""
    custody_of(SHIPPED)
    return [path for study in SHIPPED for path in [*results_of(study), *plates_of(study)(wildcards)]]


def retrieved_of(wildcards):
    """The raw files of a study that a job brings. The others are there, by custody, and their digests are parameters:
    as inputs, Snakemake would look each of thousands up again and again."""
    custody_of([wildcards.study])
    return [export.path for export in exports_of(EXPORTS, wildcards.study) if export.origin == "retrieved"]


def raw_digests(wildcards):
    """path -> what the register says of it."""
    return {
        e.path: f"{e.number} {e.export} {e.table} {e.batch} {e.received_on} {e.sha256}" for e in exports_of(EXPORTS, wildcards.study)
    }


def plugins_of(plan, stage):
    """The modules that a plan asks for by name, in the stage that imports them ("part.name")."""
    tables = plan.tables.items()
    readers = [f"sources.{table.reader}" for _, table in tables]
    schemas = [f"{part}.{table.schema_ or name}" for name, table in tables for part in ("schemas", "instruments")]
    crosschecks = [f"crosschecks.{name}" for name in (*USUAL, *(entry.check for entry in plan.checks.values()))]
    parameters = [p for dataset in plan.datasets.values() for p in dataset.parameters.values()]
    instruments = [f"instruments.{p.options['instrument']}" for p in parameters if "instrument" in p.options]
    return {
        "validate_exports": readers + schemas + crosschecks,
        "derive_datasets": [f"derive.{p.derive}" for p in parameters] + instruments,
        "analyse_datasets": [f"analyses.{analysis.method}" for analysis in plan.analyses.values()],
        "draw_plates": [],
        "draw_figures": [f"figures.{figure.figure}" for figure in plan.figures.values()],
        "write_report": readers + schemas + crosschecks + [f"analyses.{analysis.method}" for analysis in plan.analyses.values()],
    }[stage]


STAGES = ("validate_exports", "derive_datasets", "analyse_datasets", "draw_figures")
PARTS = {
    "validate_exports": {"tables", "missing_codes", "severities", "scopes", "checks", "datasets"},
    "derive_datasets": {"tables", "datasets"},
    "analyse_datasets": {"datasets", "analyses"},
    "draw_plates": {"study", "title", "kind", "datasets", "analyses", "plates"},
    "draw_figures": {"study", "kind", "statement", "datasets", "analyses", "figures"},
}


def asked_of(stage):
    """What a stage's result depends on beside its inputs, as named digests: library, plan part, environment."""

    def asked(wildcards):
        plan = plan_of(wildcards.study)
        part = plan.model_dump(mode="json", by_alias=True, include=PARTS.get(stage))
        return {
            "library": library_digest([SCRIPTS / f"{stage}.py"], plugins_of(plan, stage)),
            "plan": digest_of(part),
            "environment": ENVIRONMENT,
        }

    return asked


def code_digests(wildcards):
    """One digest of every file that the manifest lists beside results and raw files."""
    plan_of(wildcards.study)  # a missing plan is told, not raised
    files = sorted(path for paths in made_with(wildcards.study).values() for path in paths)
    return digest_of({path: sha256_of(path) for path in files})


def retrieved_paths():
    """The paths that the retrieve rule makes, as a pattern."""
    paths = [e.path.removeprefix("data/raw/") for e in EXPORTS if e.origin == "retrieved"]
    return "|".join(re.escape(path) for path in paths) or "none"


def register_row(wildcards):
    """The address and digest of a retrieved file."""
    row = next(e for e in EXPORTS if e.path == f"data/raw/{wildcards.file}")
    return {"address": row.address, "sha256": row.sha256}


def seal_run():
    """Print what to keep of a run: the head digest of all studies that have results; and which earlier numbers changed."""
    for line in closing(STUDIES, LEDGER_LINES):
        print(line)
