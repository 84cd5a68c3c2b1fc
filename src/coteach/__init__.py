"""coteach: live, co-prepared, interactive lessons for small, remote schools."""

import sys

__version__ = "0.1.0"

# jsonschema looks for this optional module to check the format "iri", which no schema here uses.
# It compiles a grammar when it is imported: more than a second in each process that reads a
# notebook. None means "not there" to Python's import, and jsonschema goes on without it.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
