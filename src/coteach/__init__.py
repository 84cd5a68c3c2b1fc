"""coteach: live, co-prepared, interactive lessons for small, remote schools."""

__version__ = "0.1.0"
