"""Checks: from text cells to typed tables, with every fault named at its cell."""
