"""Class pages and rendered reports: notebooks made into web pages by Voila.

The only package that knows Voila. Every kernel it starts runs in a sandbox without a network.
"""

from coteach.pages.report import render_report
from coteach.pages.service import ClassPages, Page

__all__ = ["ClassPages", "Page", "render_report"]
