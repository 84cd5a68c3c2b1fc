"""WHIP (RFC 9725) and WHEP as their clients expect them, word for word."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import re
import time

import httpx
import pytest
from live_peers import ROOM, LiveServer, Picture, Tone, Visitor

from coteach.live import turn
from coteach.settings import secrets_of

TURN = "turn:media.example:3478?transport=udp,turns:media.example:443?transport=tcp,stun:s.example"
FRAGMENT = "application/trickle-ice-sdpfrag"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from coteach import settings as settings_module

    settings = settings_module.load(tmp_path_factory.mktemp("doors") / "data", environ={})
    settings.layout.create()
    made = LiveServer(settings)
    os.environ["COTEACH_TURN_URLS"] = TURN
    try:
        made.start()
    finally:
        del os.environ["COTEACH_TURN_URLS"]
    yield made
    made.stop()


@pytest.fixture
async def visitors(server):
    made = []

    def visitor(name="linh"):
        made.append(Visitor(server, name))
        return made[-1]

    yield visitor
    await asyncio.gather(*(one.close() for one in made))


@pytest.fixture
async def client(server):
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as made:
        yield made


def shared(server) -> str:
    return server.signer.mint({"room": ROOM, "person": "encoder", "name": "Stage", "shared": True},
                              lifetime=60)


def bearer(visitor) -> dict[str, str]:
    return {"authorization": f"Bearer {visitor.token}"}


async def test_a_session_begins_with_201_and_ends_with_delete(server, visitors, client):
    linh = await visitors("linh").enter()
    created = await linh.publish()
    assert created.headers["content-type"] == "application/sdp"
    assert re.fullmatch(rf"/live/{ROOM}/whip/[\w-]+", created.headers["location"])
    assert re.fullmatch(r'"\w+"', created.headers["etag"]), "a strong one"
    await linh.wait(lambda v: v.person("linh")["publication"])
    url = created.headers["location"]
    assert (await client.delete(url)).status_code == 401
    assert (await client.delete(url, headers=bearer(visitors("mei")))).status_code == 404
    assert (await client.delete(url, headers=bearer(linh))).status_code == 200
    assert (await client.delete(url, headers=bearer(linh))).status_code == 404
    await linh.wait(lambda v: not v.person("linh")["publication"])


async def test_candidates_that_come_later_are_taken_and_a_restart_is_not(
        server, visitors, client):
    linh = await visitors("linh").enter()
    created = await linh.publish()
    url, tag = created.headers["location"], created.headers["etag"]
    user = re.search(r"a=ice-ufrag:(\S+)", linh.publisher.localDescription.sdp)[1]

    async def patch(body, *, match=tag, kind=FRAGMENT):
        answer = await client.patch(url, content=body, headers={
            **bearer(linh), "content-type": kind, **({"if-match": match} if match else {})})
        return answer.status_code

    more = (f"a=ice-ufrag:{user}\r\na=ice-pwd:{'p' * 22}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
            "a=mid:0\r\na=candidate:7 1 udp 1 127.0.0.1 50007 typ host\r\n"
            "a=candidate:8 1 udp 1 x.local 50008 typ host\r\na=end-of-candidates\r\n")
    assert await patch(more) == 204
    assert await patch(more) == 204, "after the last one, too"
    assert await patch(more, match='"other", ' + tag) == 204
    assert await patch(more, match="") == 428
    assert await patch(more, match='"other"') == 412
    assert await patch(more, match="*") == 422
    assert await patch(more.replace(user, "another")) == 422
    assert await patch(more, kind="application/sdp") == 415
    assert await patch("hello") == 400
    assert await patch(b"\xff\xfe") == 400
    assert await patch("a=candidate:" + "x" * 40_000) == 413
    await linh.wait(lambda v: v.person("linh")["publication"])


async def test_browsers_of_any_origin_may_ask_and_read_what_they_need(server, client):
    for path, methods in (("whip", "POST"), ("whep", "POST"), ("whip/KEY", "DELETE, PATCH")):
        said = (await client.options(f"/live/{ROOM}/{path}", headers={
            "origin": "https://elsewhere.example", "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type"})).headers
        assert said["access-control-allow-origin"] == "*"
        assert said["access-control-allow-methods"].startswith(methods)
        assert {"Authorization", "Content-Type", "If-Match"} <= set(
            said["access-control-allow-headers"].split(", "))
    assert said["accept-patch"] == FRAGMENT
    said = (await client.options(f"/live/{ROOM}/whep")).headers
    assert said["accept-post"] == "application/sdp"
    refused = await client.post(f"/live/{ROOM}/whip")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "Location" in refused.headers["access-control-expose-headers"]


async def test_what_means_nothing_is_refused_by_its_number(server, visitors, client):
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE"):
        answer = await client.request(method, f"/live/{ROOM}/whip")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    for method in ("GET", "HEAD", "PUT", "POST"):
        answer = await client.request(method, f"/live/{ROOM}/whep/KEY")
        assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, PATCH, OPTIONS")
    linh = visitors("linh")
    for wrong, status in (({"content-type": "application/json"}, 415),
                          ({"content-type": "application/sdp", "accept": "text/html"}, 406)):
        answer = await client.post(f"/live/{ROOM}/whip", content="v=0",
                                   headers={**bearer(linh), **wrong})
        assert (answer.status_code, answer.json()["message"][-1]) == (status, ".")


async def test_turn_servers_are_told_with_a_password_that_the_server_can_check(server, visitors):
    created = await visitors("linh").publish()
    links = created.headers.get_list("link")
    assert [re.match(r"<([^>]+)>; rel=\"ice-server\"", link)[1] for link in links] == TURN.split(",")
    found = re.search(r'username="(\d+):(\w+)"; credential="([^"]+)"; credential-type="password"',
                      links[0])
    assert 0 < int(found[1]) - time.time() < turn.LIFETIME + 1
    secret = secrets_of(server.settings).get("turn")
    assert found[3] == base64.b64encode(hmac.new(
        secret, f"{found[1]}:{found[2]}".encode(), hashlib.sha1).digest()).decode()
    assert "linh" not in links[0] and server.people["linh"] not in links[0]
    assert "username" not in links[2], "a STUN server asks for none"


async def test_a_page_is_told_them_when_it_enters(server, visitors):
    linh = await visitors("linh").enter()
    told = (await linh.wait(lambda v: v.heard("welcome")))["ice_servers"]
    assert [each["urls"] for each in told] == TURN.split(",")
    assert told[0]["credential"] and "credential" not in told[2]


async def test_one_pass_is_good_for_an_encoder_and_all_its_players(server, visitors, client):
    encoder, *players = (visitors("linh") for _ in range(3))
    for one in (encoder, *players):
        one.token = shared(server)
    await encoder.publish(Tone(), Picture(200, 30, 30))
    watching = await visitors("mei").enter()
    await watching.wait(lambda v: any(p["publication"] for p in v.state["people"]))
    created = []
    for one in players:
        peer = one.connection()
        peer.addTransceiver("video", "recvonly")
        one.tracks = []
        peer.on("track", one.tracks.append)
        await peer.setLocalDescription(await peer.createOffer())
        created.append(await one.post("whep", peer.localDescription.sdp))
        assert created[-1].status_code == 201
        await peer.setRemoteDescription(type(peer.localDescription)(created[-1].text, "answer"))
    for one in players:
        frame = await asyncio.wait_for(one.tracks[0].recv(), 10)
        assert frame.to_ndarray(format="rgb24").mean(axis=(0, 1)).argmax() == 0
    names = [p["name"] for p in watching.state["people"]]
    assert names.count("Stage") == 1, "players are not listed"
    assert (await client.delete(created[0].headers["location"],
                                headers=bearer(players[0]))).status_code == 200
    assert await asyncio.wait_for(players[1].tracks[0].recv(), 5), "the other one goes on"


async def test_who_lost_her_line_posts_again_into_her_old_seat(server, visitors):
    linh = await visitors("linh").enter()
    await linh.publish()
    before = (await linh.wait(lambda v: v.person("linh")["publication"]), linh.seat)
    await linh.close_media()
    await linh.publish()
    after = await linh.wait(lambda v: v.person("linh")["publication"] not in ("", before[0]))
    assert after and linh.person("linh")["seat"] == before[1]
