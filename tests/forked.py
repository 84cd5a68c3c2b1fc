"""What the tests of the fork server and of the inner walls run inside; imported by templates."""

from __future__ import annotations

from typing import Any


def run(arguments: dict[str, Any]) -> None:
    """Run the code that the test wrote."""
    exec(arguments["code"], {"__name__": "forked", "arguments": arguments})
