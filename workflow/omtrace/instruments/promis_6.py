"""PROMIS short form of 6 items."""

from omtrace.instruments._promis import short_form

INSTRUMENT = short_form(6)
