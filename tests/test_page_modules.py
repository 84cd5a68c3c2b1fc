"""Widgets of other packages on a class page; nobody else's server is asked for them."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from page_browser import CONTROLS, opened, woken
from page_site import page_site
from playwright.async_api import expect

COUNTER = """
import anywidget, traitlets, ipywidgets
class Counter(anywidget.AnyWidget):
    _esm = '''
    function initialize({ model }) { model.on("msg:custom", (said) => { model.set("said", said); }); }
    function render({ model, el }) {
      const button = document.createElement("button");
      const show = () => { button.textContent = `count is ${model.get("value")}`; };
      button.addEventListener("click", () => { model.set("value", model.get("value") + 1); model.save_changes(); });
      model.on("change:value", show);
      show();
      el.dataset.sum = new Float64Array(model.get("data").buffer).reduce((sum, one) => sum + one, 0);
      el.classList.add("counter");
      el.append(button);
      return () => { window.undone = (window.undone || 0) + 1; };
    }
    export default { initialize, render };
    '''
    _css = ".counter { outline: 3px solid rgb(1, 2, 3); }"
    value = traitlets.Int(0).tag(sync=True)
    data = traitlets.Bytes(__import__("struct").pack("<3d", 1, 2, 3.5)).tag(sync=True)
counter, out = Counter(), ipywidgets.Output()
def seen(change):
    with out:
        print("kernel saw", change.new)
counter.observe(seen, "value")
ipywidgets.VBox([counter, out])
"""
TOY = """
import ipywidgets, traitlets
class {name}(ipywidgets.DOMWidget):
    _model_name = traitlets.Unicode("ToyModel").tag(sync=True)
    _model_module = traitlets.Unicode("{module}").tag(sync=True)
    _model_module_version = traitlets.Unicode("1.0.0").tag(sync=True)
    _view_name = traitlets.Unicode("ToyView").tag(sync=True)
    _view_module = traitlets.Unicode("{module}").tag(sync=True)
    _view_module_version = traitlets.Unicode("1.0.0").tag(sync=True)
    value = traitlets.Unicode("from the kernel").tag(sync=True)
{name}(layout=ipywidgets.Layout(height="120px"))
"""
TOY_SCRIPT = """
define(["@jupyter-widgets/base", "./part", "@jupyter-widgets/controls"], function (base, part, controls) {
  class ToyModel extends base.DOMWidgetModel {}
  class ToyView extends base.DOMWidgetView {
    render() { this.el.className = "toy"; this.el.textContent = part.words + this.model.get("value")
      + (controls.DatePickerView && this.$el.length === 1 ? "!" : "?"); }
  }
  return { ToyModel, ToyView };
});
"""
FEDERATED = """
(window._JUPYTERLAB ??= {})["toy-lab"] = {
  init(scope) { this.scope = scope; },
  async get() {
    const [offer] = Object.values(this.scope["@jupyter-widgets/base"]);
    const base = (await offer.get())();
    class ToyModel extends base.DOMWidgetModel {}
    class ToyView extends base.DOMWidgetView {
      render() { this.el.className = "toy"; this.el.textContent = "federated, " + this.model.get("value"); }
    }
    return () => ({ default: [{ id: "other", requires: [], activate() { window.other = true; } }, {
      id: "toy", requires: [base.IJupyterWidgetRegistry],
      activate(_app, registry) { registry.registerWidget({ name: "toy-lab", version: "1.0.0",
        exports: async () => ({ ToyModel, ToyView }) }); } }] });
  },
};
"""
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_anywidget_works_and_a_module_that_is_missing_is_said(settings, chromium):
    async with page_site(settings, COUNTER, TOY.format(name="Toy", module="not-installed")) as site:
        page = await opened(chromium, site)
        await woken(page)
        button = page.locator(".counter button")
        await button.click()
        await button.click()
        await expect(button).to_have_text("count is 2")
        await expect(page.locator(".jupyter-widgets-output-area")).to_contain_text("kernel saw 2")
        assert await page.locator(".counter").get_attribute("data-sum") == "6.5"
        assert await page.locator(".counter").evaluate("(one) => getComputedStyle(one).outlineColor") == "rgb(1, 2, 3)"
        await expect(page.locator(".ct-still")).to_have_text(
            "This part does not move on this page. You can go on with the rest.")
        assert not page.faults


@pytest.mark.parametrize(("module", "files", "shown"), [
    ("toy", {"nbextensions/toy/index.js": TOY_SCRIPT,
             "nbextensions/toy/part.js": "define([], function () { return { words: 'part, ' }; });"},
     "part, from the kernel!"),
    ("toy-lab", {"labextensions/toy-lab/static/entry.js": FEDERATED,
                 "labextensions/toy-lab/package.json": json.dumps({"name": "toy-lab", "jupyterlab": {
                     "_build": {"load": "static/entry.js", "extension": "./extension"}}})},
     "federated, from the kernel"),
], ids=["amd", "federated"])
async def test_a_module_of_another_package_is_loaded_from_this_environment(
        settings, chromium, tmp_path, monkeypatch, module, files, shown):
    for name, text in files.items():
        place = tmp_path / "jupyter" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    async with page_site(settings, TOY.format(name="Toy", module=module)) as site:
        page = await opened(chromium, site)
        await page.get_by_role("button", name="Tap to start this part").click()
        await expect(page.locator(".toy")).to_have_text(shown)
        assert await page.evaluate("typeof define + typeof require + typeof other") == "undefined" * 3
        assert not page.faults


async def test_a_page_asks_nobody_else(settings, chromium):
    async with page_site(settings, CONTROLS, COUNTER) as site:
        page = await opened(chromium, site)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        await page.reload()
        await woken(page, 2)
        hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
        assert hosts == {f"127.0.0.1:{site.port}"} and any(url.startswith("ws:") for url in asked)
