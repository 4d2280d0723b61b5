"""Descriptive statistics, tests and intervals for one, two and several groups."""
