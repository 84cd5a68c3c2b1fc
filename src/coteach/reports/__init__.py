"""Outcome reports: counts from the store as pandas DataFrames, and the inputs of report notebooks.

The only room that knows pandas. Reports count; they rank nobody and name nobody. The gradebook as
files for other systems (`marks`, `mapping`, `oneroster`, `readback`) is the one thing with names.
"""

from coteach.reports.csvfile import as_csv
from coteach.reports.inputs import (
    REPORTS,
    export_inputs,
    report_notebook,
    report_translation,
    summary,
    tables,
)
from coteach.reports.small import SMALL, interval, share

__all__ = ["REPORTS", "SMALL", "as_csv", "export_inputs", "interval", "report_notebook",
           "report_translation", "share", "summary", "tables"]
