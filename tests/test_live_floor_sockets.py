"""A webcast over real sockets: what the teacher decides holds, and all of it outlives the server."""

from __future__ import annotations

import asyncio

import pytest
from live_peers import LiveServer, Visitor

from coteach.live.seat import seat_id
from coteach.store.schema import Room, RoomEvent

CAST = "webcast-test"


@pytest.fixture
def server(settings):
    made = LiveServer(settings)
    with made.database.session() as session:
        session.add(Room(name=CAST, kind="webcast", owner_id=made.people["linh"]))
    made.start()
    yield made
    made.stop()


async def entered(server, *names):
    found = [await Visitor(server, name, room=CAST).enter() for name in names]
    for one in found:
        await one.say(type="read", after=0)
    return found


def texts(visitor):
    told = {}
    for message in visitor.messages:
        if message["type"] == "chat":
            told.update({entry["id"]: entry["text"] for entry in message["entries"]})
    return list(told.values())


async def test_a_lesson_goes_on_after_the_server_was_killed(server):
    linh, mei, anh = await entered(server, "linh", "mei", "anh")
    refused = await mei.post("whip", "v=0\r\n")
    assert refused.status_code in (400, 403)
    await mei.say(type="hand", on=True)
    await anh.say(type="help", on=True)
    await mei.say(type="chat", text="Good morning")
    await linh.wait(lambda v: texts(v))
    await anh.say(type="chat", text="something rude")
    await linh.wait(lambda v: len(texts(v)) == 2)
    rude = max(e["id"] for m in linh.messages if m["type"] == "chat" for e in m["entries"])
    await linh.say(type="chat-remove", id=rude)
    await mei.say(type="chat-remove", id=rude)
    assert (await mei.wait(lambda v: v.heard("error")))["code"] == "not-teacher"
    await linh.say(type="poll", question="Why is the sea salt?", choices=["rain", "rivers"])
    poll = (await mei.wait(lambda v: v.state.get("poll")))["poll"]
    await mei.say(type="poll-answer", poll=poll, choice=1)
    await linh.say(type="pointer", lesson="tides", cell="cell-7")
    await linh.say(type="timer", seconds=600)
    await linh.say(type="stage", seat=mei.seat, on=True)
    await mei.wait(lambda v: v.state["stage"])
    assert mei.person("anh") is None, "a classroom sees the stage and herself"
    await linh.wait(lambda v: v.state["poll"]["answered"] == 1 and v.state["timer"])
    before = linh.state
    await asyncio.sleep(1)  # a kill loses the last second at most
    server.kill()
    for one in (linh, mei, anh):
        await one.close()
    server.start()
    linh, mei, anh = await entered(server, "linh", "mei", "anh")
    await linh.wait(lambda v: v.state.get("hands") and len(texts(v)) == 2)
    for name in ("poll", "pointer", "number", "hands_up", "chat_open"):
        assert linh.state[name] == before[name], name
    assert [h["name"] for h in linh.state["help"]] == ["Anh"] and 500 < linh.state["timer"] <= 600
    await anh.wait(lambda v: texts(v) == ["Good morning", ""])
    assert mei.state["stage"]
    with server.database.reading() as session:
        assert "rude" not in str([row.value for row in session.query(RoomEvent)])
    for one in (linh, mei, anh):
        await one.close()


async def test_only_who_is_on_stage_is_seen_and_the_muted_are_not_heard(server):
    linh, mei = await entered(server, "linh", "mei")
    offer = mei.connection()
    offer.addTransceiver("audio")
    await offer.setLocalDescription(await offer.createOffer())
    refused = await mei.post("whip", offer.localDescription.sdp)
    assert (refused.status_code, refused.json()["error"]) == (403, "not-on-stage")
    await linh.say(type="stage", seat=mei.seat, on=True)
    await mei.wait(lambda v: v.state["stage"])
    await mei.publish()
    await linh.wait(lambda v: v.person("mei")["publication"])
    heard = await linh.watch(mei.seat)
    await heard["audio"].recv()
    await linh.say(type="mute", seat=mei.seat, on=True)
    await mei.wait(lambda v: v.state["muted"])
    await linh.say(type="mute", seat=mei.seat, on=False)
    assert (await linh.wait(lambda v: v.heard("error")))["code"] == "not-yours"
    await linh.say(type="ask-unmute", seat=mei.seat)
    await mei.wait(lambda v: v.heard("unmute-asked"))
    await linh.say(type="stage", seat=mei.seat, on=False)
    await linh.wait(lambda v: not v.person("mei")["publication"])
    assert mei.seat == seat_id(CAST, server.people["mei"])
    for one in (linh, mei):
        await one.close()
