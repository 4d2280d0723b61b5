"""What all tests share. With OMTRACE_NO_SKIPS set (continuous integration does), a skipped test fails."""

import os

import pipeline
import pytest

# Whole runs, shared by all test files that look at results.
fresh, tiny_twins, tiny = pipeline.fresh, pipeline.tiny_twins, pipeline.tiny
shipped_results = pipeline.shipped_results


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A skip becomes a failure where everything that tests need is meant to be there."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("OMTRACE_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but nothing may skip here: {report.longrepr[-1]}"
