"""Calibration curves: fits in batches, and concentrations read from them."""
