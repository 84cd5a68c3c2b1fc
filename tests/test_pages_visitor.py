"""A visitor's kernel: apart from all others, noticed when it dies, and light."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from classroom_site import page_data
from lesson_visits import (
    BUTTON,
    answer_of,
    kernel_of,
    socket,
    until,
    whole,
    write_lesson,
)
from tornado.httpclient import HTTPClientError

from coteach.pages import kernels as kernels_module
from coteach.pages import service

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_two_visitors_draw_different_numbers_and_have_a_state_of_their_own(site):
    write_lesson(site, "import random, uuid\nimport numpy as np\n"
                       "free, fixed = np.random.default_rng(), np.random.default_rng(7)\n"
                       "own, count = random.Random(), []",
                 "def say():\n    count.append(1)\n"
                 "    return [len(count), fixed.random(), random.random(), np.random.rand(),\n"
                 "            free.random(), own.random(), uuid.uuid4().hex]\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    mine = [json.loads((await answer_of(site, mai)).replace("'", '"')) for _press in range(2)]
    theirs = json.loads((await answer_of(site, long)).replace("'", '"'))
    assert [row[0] for row in mine] == [1, 2] and theirs[0] == 1
    assert mine[0][1] == theirs[1], "the author chose a seed"
    assert all(a != b for a, b in zip(mine[0][2:], theirs[2:], strict=True))
    html = await long.page()
    assert mine[1][-1] not in html and "not yet" in html, "the page shows what was recorded"


async def test_kernels_that_were_started_ahead_are_nobodys_and_then_apart(site, monkeypatch):
    write_lesson(site, "import numpy as np",
                 "def say():\n    return [random.random(), np.random.rand(), uuid.uuid4().hex,\n"
                 "            os.getpid(), os.listdir('/run/s')]\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    kernels = site.room.pages.kernels
    monkeypatch.setattr(kernels.spares, "most", 2)
    html = await whole(mai)
    await until(lambda: len(kernels.spares) == 2, seconds=30)
    ahead = set(kernels.list_kernel_ids())
    assert len(ahead) == 2 and not kernels.owners
    for kernel in ahead:
        for path in (f"/c/page/kernels/{kernel}", f"/c/api/kernels/{kernel}"):
            assert (await mai.browser.get(path)).status_code == 404
        with pytest.raises(HTTPClientError):
            await socket(site, kernel, mai.browser.cookies["coteach_guest"])
    said, given = [], []
    for pupil in (mai, long):
        answer = (await pupil.browser.post(page_data(html)["kernel"])).json()
        assert answer["ahead"] is True
        given.append(answer["kernel"])
        said.append(json.loads((await answer_of(site, pupil, answer["kernel"], html))
                               .replace("'", '"')))
    assert set(given) == ahead and len(kernels.spares) == 0
    for mine, theirs in zip(said[0][:3], said[1][:3], strict=True):
        assert mine != theirs
    assert [row[3] for row in said] == [1, 1], "each is the first of her own processes"
    assert len(said[0][4]) == len(said[1][4]) == 1 and said[0][4] != said[1][4]


async def test_a_visitors_kernel_reaches_no_network_no_secret_and_nobody_else(site):
    root = str(site.settings.layout.root)
    port = site.settings.classroom_port
    write_lesson(site, f"import os, socket, json\nROOT, PORT = {root!r}, {port}",
                 "def say():\n"
                 "    found = []\n"
                 "    try:\n"
                 "        socket.create_connection(('127.0.0.1', PORT), 2); found.append('net')\n"
                 "    except OSError: pass\n"
                 "    if os.path.exists(ROOT): found.append('data')\n"
                 "    others = [p for p in os.listdir('/proc') if p.isdigit()\n"
                 "              and int(p) != os.getpid()]\n"
                 "    if others: found.append('processes ' + ' '.join(others))\n"
                 "    words = ('SECRET', 'TOKEN', 'KEY', 'PASS')\n"
                 "    found += [n for n in os.environ if any(w in n for w in words)]\n"
                 "    folders = os.listdir('/run/s')\n"
                 "    if len(folders) != 1: found.append(f'sockets {folders}')\n"
                 "    for place in ('/home/me', '/tmp'):\n"
                 "        for name in os.listdir(place):\n"
                 "            if name.startswith('mine-'): found.append(name)\n"
                 "        open(f'{place}/mine-{os.urandom(4).hex()}', 'w').write('x')\n"
                 "    return json.dumps(found)\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    assert json.loads(await answer_of(site, mai)) == []
    assert json.loads(await answer_of(site, long)) == [], "nothing of Mai's is there"


async def test_a_fork_bomb_in_one_kernel_leaves_the_others_alone(site):
    write_lesson(site, "import os, time, json\ncalm = True",
                 "def say():\n"
                 "    count = 0\n"
                 "    try:\n"
                 "        for _n in range(400):\n"
                 "            if os.fork() == 0:\n"
                 "                time.sleep(30); os._exit(0)\n"
                 "            count += 1\n"
                 "    except OSError: pass\n"
                 "    return count\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    assert int(await answer_of(site, mai)) < 100
    assert int(await answer_of(site, long)) > 5, "hers are counted apart"


async def test_a_kernel_that_dies_is_noticed_at_once_and_the_next_one_is_new(site):
    write_lesson(site, "import os\nsay = lambda: os.getpid()\n" + BUTTON)
    pupil = await site.pupil("Mai")
    html = await whole(pupil)
    kernel = await kernel_of(pupil, html)
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    import psutil
    psutil.Process(site.room.pages.kernels.owners[kernel].pid).kill()
    async with asyncio.timeout(4):
        while (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code != 404:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        while await line.read_message() is not None:
            pass
    assert line.close_code == kernels_module.GONE
    assert await kernel_of(pupil, html) != kernel
    assert await answer_of(site, pupil, html=html) == "1", "process 1 of its own processes"


async def test_a_host_that_dies_is_started_again(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    pupil = await site.pupil("Mai")
    html = await whole(pupil)
    kernel = await kernel_of(pupil, html)
    from coteach import sandbox
    before = site.room.pages.hosts.host(site.room.pages.page(page_data(html)["lesson"])).pid
    sandbox.end(before)
    async with asyncio.timeout(5):
        while (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code != 404:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert await answer_of(site, pupil, html=html) == "pressed", "widgets have the same ids"
    after = site.room.pages.hosts.host(site.room.pages.page(page_data(html)["lesson"])).pid
    assert after and after != before


async def test_a_kernel_is_light(site):
    write_lesson(site, "import numpy, pandas, matplotlib.pyplot as plt\n"
                       "plt.plot([1, 2]); plt.show()", "say = lambda: 'pressed'\n" + BUTTON)
    pupil = await site.pupil("Mai")
    kernel = await kernel_of(pupil)
    import psutil
    process = psutil.Process(site.room.pages.kernels.owners[kernel].pid)
    own = sum(p.memory_full_info().uss for p in (process, process.parent())) >> 20
    assert own <= 30, f"{own} MB"
    assert sum(process.cpu_times()[:2]) + sum(process.parent().cpu_times()[:2]) <= 0.15


async def test_a_service_that_starts_again_shows_pages_without_executing_them(site):
    write_lesson(site, "print('once')")
    pupil = await site.pupil("Mai")
    digest = page_data(await whole(pupil))["lesson"]
    pages = service.ClassPages(site.settings, "/c/", lambda handler: None)
    try:
        page = site.room.pages.page(digest)
        assert pages.add(replace(page)) == digest
        made = await pages.rendered(digest, wait=0)
        assert made.ready and "once" in made.html and not pages.hosts.pids
    finally:
        await pages.close()
