"""The workflow runs anywhere: in another folder, as a module of another workflow, deployed by snakedeploy, with results
in a storage, without network. The tiny study's bytes are those of a run in a checkout.

Storage plugins and snakedeploy are installed apart, in .venv-storage (``make storage``).
"""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import HTTPError
from xml.etree import ElementTree

import pipeline
import pytest
from omtrace.provenance.manifest import head, head_of
from omtrace.store import read_csv
from omtrace.warm_start import VARIABLE
from pipeline import REPOSITORY, TINY, Ran, digests, done, ended, environment
from slurm import free_ports, service

STORAGE = REPOSITORY / ".venv-storage/bin"
NOTHING = "Nothing to be done"
PLAN = "config/studies/tiny.yaml"
ESTIMATES = "omt/results/tiny/estimates.csv"  # of a module
ANOTHER_NAME = ("  means: {figure:", "  others: {figure:")  # files of the old name have to go
RENDERED = {"render_results": 1, "record_manifest": 1}
SECONDS_TO_WAIT = 30

WORKFLOW = """
import pandas as pd

FOLDERS = {"studies": ["tiny"], "plans": "my/plans", "register": "my/exports.csv", "raw": "my/raw"}


module omtrace:
    snakefile:
        "CHECKOUT/workflow/Snakefile"
    config:
        FOLDERS
    prefix:
        "omt"


use rule * from omtrace as omt_*


module second:
    snakefile:
        "CHECKOUT/workflow/Snakefile"
    config:
        FOLDERS | {"plans": "my/other"}
    prefix:
        "two"


use rule * from second as two_*


rule summary:
    default_target: True
    input:
        estimates="omt/results/tiny/estimates.csv",
        report="omt/results/tiny/report.html",
        manifests=["omt/results/tiny/manifest.json", "two/results/tiny/manifest.json"],
    output:
        "summary.txt",
    run:
        with open(output[0], "w") as file:
            file.write(f"{len(pd.read_csv(input.estimates))} numbers")
"""


def run(
    home: Path,
    checkout: Path,
    *command: str | Path,
    before: tuple[str, ...] = (),
    python: Path | None = None,
    **variables: str,
) -> Ran:
    """A module of Python in a folder, with the package of a checkout; ``before``: what starts it, ``python``: another
    one."""
    if not before and not python:
        return pipeline.command(home, *map(str, command[1:]), variables=environment(checkout) | variables)
    python = python or Path(sys.executable)
    surroundings = environment(checkout) | {VARIABLE: ""} | variables
    surroundings["PATH"] = f"{python.parent}{os.pathsep}{surroundings['PATH']}"
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    words = [*before, python, *command]
    return ended(
        subprocess.Popen(words, cwd=home, env=surroundings, text=True, stdin=nothing, stdout=pipe, stderr=pipe)
    )


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that stands there once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def planned(ran: Ran, *targets: str) -> dict[str, int]:
    """The jobs of a run without the rules that only gather."""
    return {name: count for name, count in done(ran).jobs.items() if name not in ("default", "all", *targets)}


@pytest.fixture(scope="module")
def checkout(tiny_twins) -> Path:
    """A checkout in which the tiny study was run. Read only."""
    return tiny_twins[0][0]


@pytest.fixture(scope="module")
def edited(checkout, tmp_path_factory) -> dict[str, str]:
    """The results of the checkout once a figure has another name in the plan."""
    folder = shutil.copytree(checkout, tmp_path_factory.mktemp("edited") / "checkout")
    edit(folder / PLAN, *ANOTHER_NAME)
    assert planned(run(folder, folder, "-m", "snakemake")) == RENDERED | {"write_index": 1}
    return digests(folder / "results")


def in_folder(checkout: Path, folder: Path) -> tuple[str | Path, ...]:
    """Snakemake with the workflow of a checkout and another folder's configuration and data."""
    return ("-m", "snakemake", "--directory", folder, "-s", checkout / "Snakefile")


def test_another_folder_with_its_own_configuration_and_data(checkout, tmp_path):
    folder = shutil.copytree(TINY, tmp_path / "mine")
    done(run(tmp_path, checkout, *in_folder(checkout, folder)))
    assert digests(folder / "results") == digests(checkout / "results") != {}
    assert NOTHING in done(run(tmp_path, checkout, *in_folder(checkout, folder))).text
    assert "every file is as recorded" in done(run(folder, checkout, "-m", "omtrace", "verify")).out


def test_a_folder_without_configuration_is_told_in_one_line(checkout, tmp_path):
    ran = run(tmp_path, checkout, *in_folder(checkout, tmp_path))
    assert ran.code == 1 and "Traceback" not in ran.text and "Error" not in ran.text
    (line,) = ran.faults
    assert line.startswith(f"config/config.yaml: missing in {tmp_path}; ")


def test_another_configuration_file_may_be_named(checkout, tmp_path):
    folder = shutil.copytree(TINY, tmp_path / "mine")
    (folder / "config/config.yaml").rename(folder / "other.yaml")
    ran = run(tmp_path, checkout, *in_folder(checkout, folder), "-n", "--configfile", folder / "other.yaml")
    assert done(ran).jobs["validate_exports"] == 1


def test_two_modules_with_a_prefix_in_a_workflow_with_its_own_plans_and_raw_files(checkout, tmp_path):
    shutil.copytree(TINY / "data/raw", tmp_path / "my/raw")
    for plans in ("plans", "other"):
        shutil.copytree(TINY / "config/studies", tmp_path / "my" / plans)
    edit(tmp_path / "my/other/tiny.yaml", *ANOTHER_NAME)
    register = (TINY / "config/exports.csv").read_text(encoding="utf-8").replace(",data/raw/", ",my/raw/")
    (tmp_path / "my/exports.csv").write_text(register, encoding="utf-8")
    (tmp_path / "Snakefile").write_text(WORKFLOW.replace("CHECKOUT", str(checkout)), encoding="utf-8")
    files = digests(tmp_path)
    command = ("-m", "snakemake", "--cores", "2")
    said = done(run(tmp_path, checkout, *command)).out
    heads = [head(["tiny"], tmp_path / prefix) for prefix in ("omt", "two")]
    assert sorted(re.findall("head digest of tiny:\n(.+)", said)) == sorted(heads)

    made = [path for path in digests(tmp_path) if path not in files and not path.startswith(".")]
    assert {"/".join(path.split("/")[:2]) for path in made if "/" in path} == {
        f"{prefix}/{folder}" for prefix in ("omt", "two") for folder in ("results", "logs", "data")
    }
    assert digests(tmp_path).items() >= files.items()
    assert (tmp_path / "summary.txt").read_text(encoding="utf-8") == f"{len(read_csv(tmp_path / ESTIMATES))} numbers"
    local = digests(checkout / "results/tiny")
    for prefix, figure in (("omt", "means"), ("two", "others")):
        results = digests(tmp_path / prefix / "results/tiny")
        same = {path for path, digest in results.items() if local.get(path) == digest}
        assert {"estimates.csv", "rowsets.parquet", "validated/diary.parquet"} <= same
        assert [path for path in results if path.endswith(".svg")] == [f"figures/{figure}.svg"]
        assert "every file is as recorded" in done(run(tmp_path / prefix, checkout, "-m", "omtrace", "verify")).out
    number = read_csv(tmp_path / ESTIMATES)[0]["id"]
    assert "my/raw/tiny/" in done(run(tmp_path / "omt", checkout, "-m", "omtrace", "trace", number)).out

    assert NOTHING in done(run(tmp_path, checkout, *command)).text
    edit(tmp_path / "my/plans/tiny.yaml", *ANOTHER_NAME)
    jobs = planned(run(tmp_path, checkout, *command, "-n"), "summary")
    assert jobs == {f"omt_{rule}": count for rule, count in RENDERED.items()}


def test_without_network(checkout, tmp_path):
    alone = ("unshare", "--net")
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("a network namespace needs Linux, unshare and root")
    folder = shutil.copytree(TINY, tmp_path / "mine")
    done(run(tmp_path, checkout, *in_folder(checkout, folder), before=alone))
    assert digests(folder / "results") == digests(checkout / "results") != {}


# what is installed apart


@pytest.fixture(scope="module")
def storage() -> Path:
    """The Python with storage plugins."""
    if not (STORAGE / "python").exists():
        pytest.skip("there is no .venv-storage; make storage sets it up")
    return STORAGE / "python"


def test_a_copy_that_snakedeploy_made(checkout, storage, tmp_path):
    clone, copy = tmp_path / "clone", tmp_path / "copy"
    parts = ("workflow", "config", "profiles", "envs", "Snakefile")
    clone.mkdir()
    for part in parts:
        copying = shutil.copytree if (checkout / part).is_dir() else shutil.copy2
        copying(checkout / part, clone / part)
    author = ("-c", "user.name=Author", "-c", "user.email=author@localhost")
    for words in (("init", "-q"), ("add", *parts), (*author, "commit", "-q", "-m", "All"), ("tag", "v1")):
        subprocess.run(["git", *words], cwd=clone, check=True)
    done(run(tmp_path, clone, STORAGE / "snakedeploy", "deploy-workflow", clone, copy, "--tag", "v1", python=storage))
    # For a source that is a folder, snakedeploy writes the path within it.
    edit(copy / "workflow/Snakefile", '"workflow/Snakefile"', f'"{clone}/workflow/Snakefile"')
    shutil.copytree(TINY / "data/raw", copy / "data/raw")

    done(run(copy, clone, "-m", "snakemake"))
    assert digests(copy / "results") == digests(checkout / "results") != {}
    assert NOTHING in done(run(copy, clone, "-m", "snakemake")).text
    assert "every file is as recorded" in done(run(copy, clone, "-m", "omtrace", "verify")).out


def is_stage_file(path: str) -> bool:
    """Whether a result is a stage file, which stays in the folder of the run."""
    return "/stages/" in f"/{path}" and path.endswith(".json")


def stored(results: dict[str, str]) -> dict[str, str]:
    """Path -> digest of results that belong into a storage: no stage files, and no file of Snakemake's own."""
    return {
        path: digest
        for path, digest in results.items()
        if not is_stage_file(path) and not path.endswith("/.snakemake_timestamp")
    }


def check_storage(run_again, folder, in_storage, checkout, edited) -> None:
    """From nothing, again, and with an edited plan: the jobs and the bytes of local runs."""
    local = digests(checkout / "results")
    said = done(run_again()).out
    assert in_storage() == stored(local)
    assert head_of({"tiny": local["tiny/manifest.json"]}) in said
    stages = {path: digest for path, digest in local.items() if is_stage_file(path)}
    assert digests(folder / "results") == stages
    assert NOTHING in done(run_again()).text
    edit(folder / PLAN, *ANOTHER_NAME)
    assert planned(run_again()) == RENDERED | {"write_index": 1}
    assert in_storage() == stored(edited)


def test_results_in_a_folder_as_storage(checkout, edited, storage, tmp_path):
    if not shutil.which("rsync"):
        pytest.skip("the storage plugin for folders needs rsync")
    folder, there = shutil.copytree(TINY, tmp_path / "mine"), tmp_path / "there"
    options = ("--default-storage-provider", "fs", "--default-storage-prefix", there)
    check_storage(
        lambda: run(tmp_path, checkout, *in_folder(checkout, folder), *options, python=storage),
        folder,
        lambda: stored(digests(there / "results")),
        checkout,
        edited,
    )
    shutil.copytree(there / "results", folder / "results", dirs_exist_ok=True)  # brought to the stage files
    assert "every file is as recorded" in done(run(folder, checkout, "-m", "omtrace", "verify")).out


@pytest.fixture(scope="module")
def s3(storage):
    """The address of an S3 server of this machine."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    with service(STORAGE / "moto_server", "-H", "127.0.0.1", "-p", str(port)):
        deadline = time.monotonic() + SECONDS_TO_WAIT
        while not is_up(address):
            assert time.monotonic() < deadline, "the S3 server did not come up"
            time.sleep(0.2)
        yield address


def is_up(address: str) -> bool:
    try:
        return bool(answer(address))
    except HTTPError:
        return True
    except OSError:
        return False


def answer(address: str) -> bytes:
    """What a server of this machine answers, without any proxy. The S3 server asks that there are keys, not which."""
    request = urllib.request.Request(address, headers={"Authorization": "AWS testing:testing"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
        return response.read()


def objects(bucket: str, folder: Path) -> dict[str, str]:
    """Name below results/ -> digest of the objects of a bucket, which are written to a folder to that end."""
    listed = ElementTree.fromstring(answer(f"{bucket}?list-type=2&prefix=results/"))
    assert listed.findtext("{*}IsTruncated") == "false"
    for key in [entry.text for entry in listed.iterfind("{*}Contents/{*}Key")]:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(answer(f"{bucket}/{key}"))
    return stored(digests(folder / "results"))


def test_results_in_s3(checkout, edited, storage, s3, tmp_path, tmp_path_factory):
    folder = shutil.copytree(TINY, tmp_path / "mine")
    options = ("--default-storage-provider", "s3", "--default-storage-prefix", "s3://omtrace")
    keys = {f"SNAKEMAKE_STORAGE_S3_{name}": "testing" for name in ("ACCESS_KEY", "SECRET_KEY")}
    keys |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "AWS_EC2_METADATA_DISABLED": "true"}
    command = (*in_folder(checkout, folder), *options, "--storage-s3-endpoint-url", s3)
    check_storage(
        lambda: run(tmp_path, checkout, *command, python=storage, **keys),
        folder,
        lambda: objects(f"{s3}/omtrace", tmp_path_factory.mktemp("objects")),
        checkout,
        edited,
    )
