"""Chromium in a network of its own: many watch one, and where no UDP gets through TURN does it."""

from __future__ import annotations

import statistics
import subprocess

import netns
import pytest
from live_peers import ROOM
from live_site import FLAGS, Site, wait_for
from playwright.sync_api import sync_playwright
from ports import free_port

from coteach import settings as settings_module
from coteach.supervisor import turn

WHY_NOT = netns.missing()

SPEED = 25
# A counter as 16 squares, black or white, above a bar that moves.
PATTERN = """
window.publish = async (token, speed) => {
  const c = Object.assign(document.createElement('canvas'), {width: 640, height: 360});
  const p = c.getContext('2d');
  window.count = 0;
  setInterval(() => {
    count += 1;
    p.fillStyle = '#38a'; p.fillRect(0, 0, 640, 360);
    p.fillStyle = '#fd3'; p.fillRect(count * 7 % 600, 200, 40, 120);
    for (let bit = 0; bit < 16; bit += 1) {
      p.fillStyle = count >> bit & 1 ? '#fff' : '#000'; p.fillRect(bit * 40, 40, 40, 80);
    }
  }, 1000 / speed);
  const peer = window.peer = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  for (const track of c.captureStream(speed).getTracks()) {
    peer.addTransceiver(track, {direction: 'sendonly'});
  }
  await talk(peer, 'whip', token);
};
window.talk = async (peer, door, token) => {
  await peer.setLocalDescription();
  const answer = await fetch(`/live/ROOM/${door}`, {method: 'POST', body: peer.localDescription.sdp,
    headers: {'Content-Type': 'application/sdp', Authorization: `Bearer ${token}`}});
  if (answer.status !== 201) throw new Error(await answer.text());
  await peer.setRemoteDescription({type: 'answer', sdp: await answer.text()});
};
window.watch = async (token) => {
  const peer = window.peer = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const {receiver} = peer.addTransceiver('video', {direction: 'recvonly'});
  window.video = Object.assign(document.createElement('video'), {muted: true});
  video.srcObject = new MediaStream([receiver.track]);
  document.body.append(video);
  const seen = new Promise((done) => video.requestVideoFrameCallback(done));
  video.play();
  const offered = performance.now();
  await talk(peer, 'whep', token);
  await seen;
  return performance.now() - offered;
};
window.counter = () => {
  const c = Object.assign(document.createElement('canvas'), {width: 640, height: 360});
  const p = c.getContext('2d', {willReadFrequently: true});
  p.drawImage(video, 0, 0, 640, 360);
  let found = 0;
  for (let bit = 0; bit < 16; bit += 1) {
    const {data} = p.getImageData(bit * 40 + 12, 60, 16, 40);
    const light = data.reduce((sum, value, i) => i % 4 < 3 ? sum + value : sum, 0) / data.length;
    if (light > 96) found |= 1 << bit;
  }
  return found;
};
""".replace("ROOM", ROOM)

REMEMBER = """window.peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...how) { super(...how); window.peers.push(this); }
};"""
WAYS = """async () => {
  const found = [];
  for (const peer of peers) {
    const stats = await peer.getStats();
    for (const one of stats.values()) {
      if (one.type !== 'transport' || !one.selectedCandidatePairId) continue;
      const near = stats.get(stats.get(one.selectedCandidatePairId).localCandidateId);
      found.push(`${near.candidateType} ${near.relayProtocol ?? near.protocol}`);
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def network():
    if WHY_NOT:
        yield None  # many can watch one all the same
        return
    made = netns.Network("net").open()
    yield made
    made.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory, network):
    settings = settings_module.load(
        tmp_path_factory.mktemp("network") / "data", environ={},
        bind=network.host if network else "127.0.0.1", turn=True, turn_port=free_port())
    settings.layout.create()
    settings = turn.prepared(settings)
    part = turn.service(settings, "test")
    with (settings.layout.logs / "turn.log").open("wb") as log:
        relay = subprocess.Popen(part.command, env=part.environ, stdout=log, stderr=log)
    made = Site(settings).start()
    yield made
    made.stop()
    relay.terminate()
    relay.wait(5)


@pytest.fixture(scope="module")
def chromium(network, site, tmp_path_factory):
    browser = "/usr/bin/chromium"
    if network:
        browser = network.wrapped(browser, tmp_path_factory.mktemp("browser"))
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=[
            *FLAGS, f"--unsafely-treat-insecure-origin-as-secure={site.url}"])
        yield running
        running.close()


def test_five_watch_a_counter_from_the_first_half_second_on(site, chromium):
    context = chromium.new_context()
    context.add_init_script(PATTERN)
    pages = []
    for _ in range(6):
        page = context.new_page()
        page.goto(f"{site.url}/healthz")
        pages.append(page)
    publisher, *viewers = pages
    publisher.evaluate("([token, speed]) => publish(token, speed)",
                       [site.live.token("linh"), SPEED])
    wait_for(lambda: publisher.evaluate("peer.connectionState") == "connected")
    waits = []
    for number, page in enumerate(viewers):
        waits.append(page.evaluate("token => watch(token)", site.live.token(f"viewer{number}")))
        # The last one is late: the picture runs for a while already.
        if number == len(viewers) - 2:
            page.wait_for_timeout(600)
    print("first picture after", [round(wait) for wait in waits], "ms")
    before = [page.evaluate("counter()") for page in viewers]
    publisher.wait_for_timeout(700)
    now = publisher.evaluate("count")
    after = [page.evaluate("counter()") for page in viewers]
    print("counter", now, after)
    assert all(b - a > SPEED / 4 for a, b in zip(before, after, strict=True)), "it goes on"
    assert all(now - SPEED <= one <= now + SPEED for one in after), (now, after)
    assert statistics.median(waits) < 500, waits
    context.close()


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_where_no_udp_gets_through_two_see_each_other_by_tcp(site, chromium, network):
    network.drop_udp()
    pages = []
    path = "/t/practice"
    for name in ("linh", "mei"):
        context = chromium.new_context(permissions=["camera", "microphone"])
        context.add_cookies([site.cookie(name)])
        context.add_init_script(REMEMBER)
        page = context.new_page()
        page.goto(site.url + path)
        page.get_by_label("Yes, record me").check()
        page.get_by_role("button", name="Enter the room").click()
        if name == "linh":
            path = page.locator(".ct-link").input_value().removeprefix(site.url)
        pages.append(page)
    for page in pages:
        other = page.locator("video").nth(1)
        wait_for(lambda page=page: page.locator("video").count() == 2)
        wait_for(lambda other=other: other.evaluate("v => v.videoWidth > 0 && v.currentTime > 1"))
        ways = page.evaluate(WAYS)
        assert len(ways) >= 2 and set(ways) == {"relay tcp"}, ways
