"""What a run ran on: Python, platform, processor, BLAS and threads, and each installed distribution.

It stands in the ledger, never in results, whose bytes are the same across machines. A line ``environment`` describes
it the first time it is seen; each run line names the digest of that description. It is of the machine on which the
manifest was recorded; where jobs are spread over machines, the others are not named.
"""

import hashlib
import json
import os
import platform
import re
import site
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

from omtrace.provenance import ledger

# What decides how many threads, and which kernels, the libraries for linear algebra use.
VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "MKL_NUM_THREADS",
    "MKL_CBWR",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
)
OWN = "omtrace"  # installed as a link to this checkout; the manifest names its files, and the link's path is no matter
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")  # as OpenBLAS reads them, the first that is set


@dataclass(frozen=True)
class Distribution:
    """An installed distribution. ``metadata``: its folder; ``record``: sha256 of its RECORD, "" without one."""

    name: str
    version: str
    record: str
    metadata: Path


def site_folders() -> list[Path]:
    """The folders in which distributions of this Python are installed, in the order in which they are searched."""
    folders = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    folders += [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()]
    return [folder for folder in dict.fromkeys(Path(path).resolve() for path in folders) if folder.is_dir()]


def normal_name(name: str) -> str:
    """A distribution's name as it is compared: lower case, with one hyphen for each run of marks."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(folders: Iterable[Path]) -> dict[str, Distribution]:
    """Name -> distribution, of those that an import would take: the first folder wins."""
    installed: dict[str, Distribution] = {}
    for folder in folders:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            stem, suffix = os.path.splitext(entry.name)
            if suffix not in (".dist-info", ".egg-info"):
                continue
            name, version = (*stem.split("-"), "")[:2]
            content = _record(entry.path)
            digest = hashlib.sha256(content).hexdigest() if content is not None else ""
            name = normal_name(name)
            installed.setdefault(name, Distribution(name, version, digest, Path(entry.path)))
    return installed


def _record(folder: str) -> bytes | None:
    try:
        with open(os.path.join(folder, "RECORD"), "rb") as file:
            return file.read()
    except OSError:
        return None


class Description(TypedDict, total=False):
    """What jobs run on; empty where the ledger does not say. ``distributions``: name -> version, digest of RECORD."""

    environment: str
    python: dict[str, str]
    platform: str
    processor: str
    processors: int | None
    blas_threads: str
    variables: dict[str, str]
    distributions: dict[str, list[str]]
    blas: dict[str, object]


def description(folders: Iterable[Path] | None = None) -> Description:
    """What jobs run on here, without numpy's BLAS, which follows from numpy's files and the processor."""
    installed = distributions(site_folders() if folders is None else folders)
    threads = next((os.environ[name] for name in THREADS if os.environ.get(name)), "")
    return {
        "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        "platform": platform.platform(),
        "processor": processor(),
        "processors": os.cpu_count(),
        "blas_threads": threads or str(os.cpu_count()),
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "distributions": {
            d.name: [d.version, d.record] for d in sorted(installed.values(), key=lambda d: d.name) if d.name != OWN
        },
    }


def processor() -> str:
    """The model of the processor, or its architecture where the system does not tell the model."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return model[1].strip() if model else platform.processor() or platform.machine()


def blas() -> dict[str, object]:
    """The library for linear algebra that numpy uses, with its version, and the processor features it found."""
    import numpy

    config = cast(dict[str, dict], numpy.show_config(mode="dicts"))
    library = config.get("Build Dependencies", {}).get("blas", {})
    names = ("name", "version", "openblas configuration")
    return {
        **{name: library[name] for name in names if name in library},
        "features": config.get("SIMD Extensions", {}).get("found", []),
    }


def record_environment(root: str | Path = ".", folders: Iterable[Path] | None = None) -> str:
    """Describe what jobs run on in the ledger, unless it has that description already; its digest."""
    described = description(folders)
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
    mark = f'"details": {{"environment": "{digest}", '
    if not any(mark.encode() in line for line in ledger.read(root).lines):
        ledger.append("environment", "", {"environment": digest, **described, "blas": blas()}, root, unless=mark)
    return digest


def recorded_environment(digest: str, root: str | Path = ".") -> Description:
    """The description with this digest in the ledger, or nothing."""
    lines = (e["details"] for e in ledger.entries(root) if e["action"] == "environment")
    known = next((details for details in lines if details.get("environment") == digest), {})
    installed = known.get("distributions")
    is_whole = isinstance(installed, dict) and all(isinstance(d, list) and len(d) == 2 for d in installed.values())
    return cast(Description, known) if is_whole else {}
