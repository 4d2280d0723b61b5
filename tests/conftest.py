"""What all tests share. With OMTRACE_NO_SKIPS set (continuous integration does), a skipped test fails."""

import os
import re
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
SHARED = {"fresh", "tiny_twins", "tiny", "shipped_results"}


def pytest_configure():
    """Runs can be interrupted, also where the tests themselves were started in the background, deaf to Ctrl-C."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def sharing() -> set[str]:
    """The test files that use whole runs: each process would have to make them again."""
    asked = re.compile(rf"^def \w+\([^)]*\b({'|'.join(SHARED)})\b", re.MULTILINE)
    folder = Path(__file__).parent
    files = (path for path in folder.rglob("test_*.py") if asked.search(path.read_text(encoding="utf-8")))
    return {path.relative_to(folder.parent).as_posix() for path in files}


def pytest_collection_modifyitems(items):
    """The files that share whole runs start first: they take longest."""
    first = sharing()
    items.sort(key=lambda item: item.nodeid.partition("::")[0] not in first)  # stable


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Tests of one file stay together in one process, and so do all files that share whole runs."""
    from xdist.scheduler import LoadFileScheduling

    first = sharing()

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "whole runs" if file in first else file

    return Together(config, log)


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
