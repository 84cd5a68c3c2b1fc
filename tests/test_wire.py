"""Frames from browsers: what Jupyter's readers would believe is held against the length first."""

from __future__ import annotations

import json
import struct

import pytest
from jupyter_server.services.kernels.connection.base import (
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)

from coteach.pages.wire import V1, is_message

MESSAGE = {
    "header": {"msg_type": "comm_msg", "msg_id": "a", "version": "5.3"}, "parent_header": {},
    "metadata": {}, "content": {"comm_id": "b", "data": {"method": "update"}}, "channel": "shell"}
PARTS = [json.dumps(MESSAGE[name]).encode() for name in (
    "header", "parent_header", "metadata", "content")]


def v1(*buffers: bytes) -> bytes:
    return bytes(serialize_msg_to_ws_v1([*PARTS, *buffers], "shell"))


@pytest.mark.parametrize(("frame", "protocol"), [
    (v1(), V1), (v1(b"pixels", b""), V1), (json.dumps(MESSAGE), None),
    (serialize_binary_message({**MESSAGE, "buffers": [b"pixels"]}), None)])
def test_what_front_ends_send_is_a_message(frame, protocol):
    assert is_message(frame, protocol)


GOOD = v1()
FORGED = [
    struct.pack("<Q", 2**60), struct.pack("<Q", 50_000_000) + b"x" * 100, b"", b"1234",
    struct.pack("<7Q", 6, 10, 20, 30, 40, 50, 60), GOOD[:60], GOOD[:8] + GOOD[16:],
    GOOD.replace(b'"msg_type"', b'"msg_typo"'), GOOD.replace(b"shell", b"sh\xffll"),
    struct.pack("<7Q", 6, 56, 61, 63, 65, 67, 2**63) + b"shell{}{}{}{}", "text"]


@pytest.mark.parametrize("frame", FORGED)
def test_forged_counts_offsets_and_parts_are_refused(frame):
    assert not is_message(frame, V1)


@pytest.mark.parametrize("frame", [
    struct.pack("!I", 0x10000000), struct.pack("!I", 0xFFFFFFFF), struct.pack("!II", 1, 9) + b"{}",
    struct.pack("!I", 0), b"", "[]", "{", "[" * 100_000, '{"header": 1}', '{"header": {}}'])
def test_without_a_subprotocol_they_are_refused_too(frame):
    assert not is_message(frame, None)
