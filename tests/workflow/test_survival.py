"""Runs that are killed or interrupted: a tenth of what ``tests/survival.py`` does."""

from survival import survey


def test_runs_that_are_killed_or_interrupted_leave_nothing_half_written_and_go_on(tmp_path):
    outcomes = list(survey(tmp_path, kills=20, interrupts=5, seed=20))
    assert [fault for outcome in outcomes for fault in outcome.faults] == []
    assert sum(sum(outcome.stopped.values()) for outcome in outcomes) >= 20  # the others had ended before
    assert sum(sum(outcome.locked.values()) for outcome in outcomes) >= 5
