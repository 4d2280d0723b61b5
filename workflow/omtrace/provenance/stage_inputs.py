"""What each stage of a study depends on, put together from plan, register and code (see ``provenance/stages``)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

from omtrace.model.folders import Folders, base_of
from omtrace.model.open_lines import open_lines
from omtrace.model.plan import USUAL, Plan
from omtrace.model.register import Export, bucket_count, bucket_of, exports_of, sha256_of
from omtrace.model.slices import Stage, slice_of
from omtrace.provenance.code import PACKAGE, code_of
from omtrace.provenance.listings import is_true
from omtrace.provenance.manifest import LOCK, config_of, made_with
from omtrace.provenance.stages import StageInputs

RULES: dict[Stage, str] = {
    "read": "read_exports",
    "validate": "validate_exports",
    "derive": "derive_datasets",
    "analyse": "analyse_datasets",
    "plates": "draw_plates",
    "render": "render_results",
}


@cache
def digest_of_code(path: Path) -> str:
    """Hex sha256 of a file of the checkout, which all studies share: each is read once a start of the workflow."""
    return sha256_of(path)


def plugins_of(plan: Plan, stage: Stage) -> list[str]:
    """The modules that a plan asks for by name, in the stage that imports them ("part.name")."""
    tables = plan.tables.items()
    modules = filter(None, (table.library(name) for name, table in tables))
    schemas = [f"{part}.{module}" for module in modules for part in ("schemas", "instruments")]
    readers = {table.reader for _, table in tables}
    readers |= {str(choice["reader"]) for _, table in tables for choice in _choices(table.options)}
    reading = [f"readers.{reader}" for reader in sorted(readers)] + schemas
    checks = [f"validation.crosschecks.{name}" for name in (*USUAL, *(entry.check for entry in plan.checks.values()))]
    parameters = [p for dataset in plan.datasets.values() for p in dataset.parameters.values()]
    instruments = [f"instruments.{p.options['instrument']}" for p in parameters if "instrument" in p.options]
    methods = [f"analyses.{analysis.method}" for analysis in plan.analyses.values()]
    figures = [f"figures.{figure.figure}" for figure in plan.figures.values()]
    of_stage: dict[Stage, list[str]] = {
        "read": reading,
        "validate": reading + checks,
        "derive": [f"derivations.{p.derive}" for p in parameters] + instruments,
        "analyse": methods + instruments + schemas,
        "plates": [],
        "render": reading + checks + methods + figures,
    }
    return sorted(set(of_stage[stage]))


def _choices(options: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The readers of a table that has several."""
    given = options.get("readers", ())
    return (
        [choice for choice in given if isinstance(choice, dict) and "reader" in choice]
        if isinstance(given, (list, tuple))
        else []
    )


def inputs_of(plan: Plan, stage: Stage, files: Sequence[Export], path: str | Path) -> StageInputs:
    """What a stage of a study gets. ``files``: those that it reads, if it reads any; ``path``: that of the plan."""
    return StageInputs(
        study=plan.study,
        stage=stage,
        plan=slice_of(plan, stage),
        register=files if stage in ("read", "validate", "render") else [],
        code=code_of([PACKAGE.parent / "scripts" / f"{RULES[stage]}.py"], plugins_of(plan, stage)),
        environment={LOCK: digest_of_code(PACKAGE.parent.parent / LOCK)},
        documents=_documents(Path(path)) if stage == "render" else {},
        open_lines=open_lines(_files_of_plan(Path(path)).values()) if stage == "render" else [],
    )


def stages_of(
    plan: Plan, exports: Sequence[Export], folders: Folders, root: str | Path = "."
) -> dict[str, StageInputs]:
    """What each stage of a study gets, by the name of its stage file, in the order in which they run.

    ``root``: the folder that holds results/.
    """
    path, mine = folders.plan(plan.study), exports_of(exports, plan.study)
    buckets = buckets_of(exports, plan.study).items()
    stages = {f"read-{bucket}": inputs_of(plan, "read", files, path) for bucket, files in buckets}
    stages |= {stage: inputs_of(plan, stage, mine, path) for stage in RULES if stage != "read"}
    return {**stages, "record": record_inputs(plan.study, exports, folders, root)}


def index_inputs(shipped: Sequence[str], others: Sequence[str], results: str | Path, root: str | Path) -> StageInputs:
    """What the index depends on beside the shipped studies' results: the queries of all, and the manifests of others.

    Studies that are not shipped are shown where they have results, and are not made for it. ``root``: the folder that
    holds data/.
    """
    queries = [Path(root, "data/queries", f"{study}.jsonl") for study in (*shipped, *others)]
    files = [*queries, *(Path(results, study, "manifest.json") for study in others)]
    return StageInputs(
        study="",
        stage="index",
        plan=None,
        code=code_of([PACKAGE.parent / "scripts" / "write_index.py"]),
        documents={path.as_posix(): sha256_of(path) for path in files if path.is_file()},
    )


def buckets_of(exports: Sequence[Export], study: str) -> dict[str, list[Export]]:
    """The files of a study by the bucket in which they are read; none where the study has few."""
    mine = exports_of(exports, study)
    buckets: dict[int, list[Export]] = {}
    if count := bucket_count(len(mine)):
        for export in mine:
            buckets.setdefault(bucket_of(export, count), []).append(export)
    return {f"{bucket:03}": files for bucket, files in sorted(buckets.items())}


def sound_parts(plan: Plan, exports: Sequence[Export], path: str | Path, folder: str | Path) -> list[Path]:
    """The folders of parts, below a study's folder of results, that reading the registered files would give again."""
    stages, parts = Path(folder) / "stages", []
    for bucket, files in buckets_of(exports, plan.study).items():
        name = f"read-{bucket}"
        is_there = (stages / f"{name}.sha256").is_file()
        if is_there and is_true(name, folder, inputs_of(plan, "read", files, path).text):
            parts.append(Path(folder) / "read" / bucket)
    return parts


def _documents(path: Path) -> dict[str, str]:
    """The digests of the files of a plan, which the report prints."""
    return {f"{name}, {file.as_posix()}": sha256_of(file) for name, file in _files_of_plan(path).items()}


def _files_of_plan(path: Path) -> dict[str, Path]:
    """The files of a plan, by what each is."""
    files: dict[str, Path] = {"Plan": path, "Exploratory analyses": path.with_suffix("") / "exploratory.yaml"}
    if base := base_of(path):
        files["Extended plan"] = base
    return {name: file for name, file in files.items() if file.is_file()}


def record_inputs(study: str, exports: Sequence[Export], folders: Folders, root: str | Path = ".") -> StageInputs:
    """What the manifest of a study depends on beside results: the register, and every file they are made with."""
    files = made_with(study, root, folders)
    shared = {
        kind: {name: digest_of_code(path.absolute()) for name, path in sorted(files[kind].items())}
        for kind in ("code", "environment")
    }
    config = config_of(study, folders.start(root))
    own = {name: hashlib.sha256(text).hexdigest() for name, text in config.items()}
    own |= {name: sha256_of(path) for kind in ("config", "plan") for name, path in sorted(files[kind].items())}
    return StageInputs(
        study=study,
        stage="record",
        plan=None,
        register=exports_of(exports, study, replaced=True),
        code=shared["code"],
        environment=shared["environment"],
        documents=own,
        folders=asdict(folders),
    )
