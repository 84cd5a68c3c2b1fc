"""The protocol of a room is written down."""

import re
from pathlib import Path

from coteach.live import floor

ROOT = Path(__file__).parents[1]


def test_every_message_of_a_room_is_in_the_document():
    told = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    code = "".join(file.read_text(encoding="utf-8")
                   for file in (ROOT / "src" / "coteach" / "live").glob("*.py"))
    messages = {*re.findall(r'"type": "([a-z-]+)"', code), *re.findall(r'case "([a-z-]+)"', code),
                *floor.Floor("practice")._by_verb}
    assert {"hello", "welcome", "record", "hand", "stage"} <= messages
    assert not [name for name in messages
                if f'"type": "{name}"' not in told and f"`{name}`" not in told]
