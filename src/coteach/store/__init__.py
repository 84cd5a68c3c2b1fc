"""The store: the only part that knows SQL.

One noun, one file: `schema` has the tables, `database` opens and migrates them, and the other
modules hold the questions and changes of one noun as plain functions that take a `Session`.
"""

from coteach.store.database import Database
from coteach.store.schema import utcnow

__all__ = ["Database", "utcnow"]
