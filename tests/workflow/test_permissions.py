"""Who may read what a run leaves: the most open umask there is, and confidential files are closed to others."""

from omtrace.classes import is_confidential
from pipeline import digests, done, ended, omtrace, started


def modes(folder, *parts):
    """Path -> permissions of every file below parts of a folder."""
    files = [path for part in parts for path in (folder / part).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.stat().st_mode & 0o777 for path in files}


def test_a_run_under_any_umask_leaves_the_same_bytes_and_no_confidential_file_open(fresh, tiny_twins, tmp_path):
    folder = fresh(tmp_path / "tiny")
    done(ended(started(folder, "-m", "snakemake", warm=True, umask=0o000)))  # which its jobs inherit
    made = modes(folder, "results", "logs", "cache")
    # Logs of jobs hold digests alone, and faults without values; a time stamp of Snakemake's holds nothing.
    open_ones = (".log", ".snakemake_timestamp")
    closed = {path: mode for path, mode in made.items() if is_confidential(path) and not path.endswith(open_ones)}
    assert len(closed) > 10 and {"results/tiny/report.html", "logs/tiny/findings.csv"} <= closed.keys()
    assert set(closed.values()) == {0o640}, closed
    assert made["results/tiny/estimates.csv"] == 0o640  # nobody checked it for small cells
    assert made["results/tiny/manifest.json"] == made["results/tiny/definitions.json"] == 0o666
    assert digests(folder / "results") == digests(tiny_twins[0][0] / "results")
    done(omtrace(folder, "verify"))
