"""What all tests share. With OMTRACE_NO_SKIPS set (continuous integration does), a skipped test fails."""

import os

import agreements
import pipeline
import pytest

# Whole runs, shared by all test files that look at results.
fresh, tiny_twins, tiny = pipeline.fresh, pipeline.tiny_twins, pipeline.tiny
shipped_results = pipeline.shipped_results
SHARED = {"fresh", "tiny_twins", "tiny", "shipped_results"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests of one file stay together in one process, and so do all that share whole runs: these start first."""
    for item in items:
        group = "runs" if SHARED & set(item.fixturenames) else item.path.name
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: not SHARED & set(item.fixturenames))  # stable


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
