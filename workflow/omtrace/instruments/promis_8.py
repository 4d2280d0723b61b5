"""PROMIS short form of 8 items."""

from omtrace.instruments._promis import short_form

INSTRUMENT = short_form(8)
