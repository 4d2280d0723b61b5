"""Damage done on purpose to raw exports, and whether the checks name the damaged cell.

An operator is a small function that damages a file of a shipped study at a random place and says where a finding has
to point. ``python -m tests.corruption.run`` measures all of them and writes ``docs/corruption.md``.
"""
