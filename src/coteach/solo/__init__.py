"""Class pages of any notebook, without Hub, accounts or classes: `coteach page`.

Who opens a page is known by a random cookie and nothing else; she reaches her own kernel and the
files that pages show. Answers to questions stay in her browser: there is no teacher here.
"""

from coteach.solo.service import Solo, create_application
from coteach.solo.shelf import Shelf

__all__ = ["Shelf", "Solo", "create_application"]
