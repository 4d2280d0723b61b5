"""What all tests share. With OMTRACE_NO_SKIPS set (continuous integration does), a skipped test fails."""

import os
import signal
from pathlib import Path

import agreements
import pipeline
import pytest
from hypothesis import settings

# Machines are shared: a test that is slow once has not failed.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

# Whole runs, shared by all test files that look at results.
fresh, tiny_twins, tiny = pipeline.fresh, pipeline.tiny_twins, pipeline.tiny
shipped_results = pipeline.shipped_results
# Files that take longest, in the order in which they start, so that all processes end at about the same time.
LONGEST = (
    "unit/test_second_path.py",  # the shipped studies, run for all
    "cases/test_corruption.py",
    "workflow/test_stages.py",
    "workflow/test_survival.py",
    "cases/test_fuzz.py",
    "workflow/test_cluster.py",
    "workflow/test_documentation.py",
    "workflow/test_anywhere.py",
    "workflow/test_pipeline.py",
    "workflow/test_refused_runs.py",
    "browser/test_shipped_browser.py",
    "workflow/test_designs.py",
    "workflow/test_cost_of_change.py",
    "workflow/test_compare.py",
    "workflow/test_release.py",
)


def pytest_configure():
    """Runs can be interrupted, also where the tests themselves were started in the background, deaf to Ctrl-C."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """The files that take longest start first."""
    folder = Path(__file__).parent
    place = {folder / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))  # stable


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A skip becomes a failure where everything that tests need is meant to be there."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("OMTRACE_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but nothing may skip here: {report.longrepr[-1]}"


def pytest_sessionfinish(session, exitstatus):
    """Write docs/verification.md where asked; after a whole run, hold it against the comparisons that were made."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["agreements"] = agreements.packed()
        return
    if exitstatus == 0 and os.environ.get("OMTRACE_WRITE_AGREEMENTS"):
        agreements.PAGE.write_text(agreements.page(agreements.ROWS, list(agreements.CHOICES)), encoding="utf-8")
    whole = not session.config.option.file_or_dir and not session.config.option.keyword
    if exitstatus == 0 and whole and (lost := agreements.missing_from_page()):
        print("\ndocs/verification.md lacks (python -m tests.agreements writes it):", *lost, sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take over what a worker process compared."""
    agreements.unpack(getattr(node, "workeroutput", {}).get("agreements", [[], []]))
