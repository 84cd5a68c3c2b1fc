"""Measurements: coteach and the stock part on the same work, in one run, each alone.

Rule: nothing is taken from a note. Both sides are started here, do the work, and are measured from
outside; what counts are ratios, because machines differ. A result is always
``{"name", "work", "ours", "stock", "ratio", "machine"}`` (`report.result`).
"""
