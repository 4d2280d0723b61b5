"""Assays: non-detects, plate effects, batch correction, control charts, thresholds by up-and-down."""
