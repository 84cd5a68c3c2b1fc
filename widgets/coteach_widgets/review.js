// Review: one's recordings with the comments at their moments and the marks.

import { clock, h } from "./_dom.js";
import { n, sentences, setCatalog, t } from "./_i18n.js";
import { loadRecording, loadRecordings } from "./_recordings.js";
import { reasonWords, showPlayer } from "./_player.js";
import { begin } from "./_widget.js";

/** Show one recording on a page of its own. */
export function mountOne(root, { id, onDelete }) {
  root.classList.add("ct");
  root.replaceChildren(h("p", { class: "ct-status", role: "status" }, t("Loading the recording…")));
  let player = null;
  loadRecording(id).then((recording) => {
    player = showPlayer(root, recording, { onDelete });
    const at = Number(new URLSearchParams(location.hash.slice(1)).get("t"));
    if (at) player.seek(at);
  }, (error) => {
    root.replaceChildren(h("p", { class: "ct-problem", role: "alert" }, sentences(error.message, error.hint)));
  });
  return () => player?.close();
}

/** Show all recordings of a module; the newest is open. */
export function mount(root, { module, onRecordings = () => null }) {
  let player = null;
  let all = [];
  root.classList.add("ct");
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  const choose = h("div", { class: "ct-list" });
  const stage = h("div", {});
  root.replaceChildren(choose, stage);

  async function load() {
    stage.replaceChildren(h("p", { class: "ct-status", role: "status" }, t("Loading your recordings…")));
    try {
      all = await loadRecordings({ module, mine: true });
    } catch (error) {
      stage.replaceChildren(h("p", { class: "ct-problem", role: "alert" }, sentences(error.message, error.hint)),
        h("button", { type: "button", class: "ct-secondary", onclick: load }, t("Try again")));
      return;
    }
    onRecordings(all);
    if (!all.length) {
      stage.replaceChildren(h("p", { class: "ct-status" },
        t("There is no recording yet. Record a practice first; it appears here.")));
      return;
    }
    show(all[0]);
  }

  function show(recording) {
    player?.close();
    choose.replaceChildren(...all.map((one) => h("button", { type: "button",
      class: one === recording ? "ct-quiet ct-chosen" : "ct-quiet",
      "aria-pressed": String(one === recording), onclick: () => show(one) },
    `${one.started_local} · ${one.duration ? clock(one.duration) : reasonWords(one)} · `
      + n("{count} comment", "{count} comments", one.comments.length))));
    player = showPlayer(stage, recording, {
      onChange: (changed) => onRecordings(all.map((one) => (one.id === changed.id ? changed : one))),
      onDelete: load,
    });
  }

  load();
  return () => player?.close();
}

function render({ model, el }) {
  begin(model);
  return mount(el, {
    module: model.get("module"),
    onRecordings(recordings) {
      model.set("recordings", recordings);
      model.save_changes();
    },
  });
}

export { setCatalog };
export default { render };
