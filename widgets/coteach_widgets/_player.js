// A recording to watch: the timeline is the main instrument, comments are pins on it, the rubric
// stands beside it. Everything works by keyboard alone.

import { api } from "./_api.js";
import { clock, h } from "./_dom.js";
import { sentences, t } from "./_i18n.js";
import { marksPanel } from "./_marks.js";
import { Playhead } from "./_playhead.js";

/** Show a recording (the API's object) in `root`; `onChange` hears about comments and marks. */
export function showPlayer(root, recording, { onChange = () => null, onDelete = null } = {}) {
  if (recording.status !== "ready") {
    root.replaceChildren(h("p", { class: "ct-status" }, reasonWords(recording)));
    return { close() {}, seek() {} };
  }
  const comments = [...recording.comments];
  const tracks = recording.tracks.map((track) => ({ ...track, media: h("video", {
    src: track.url, preload: "metadata", playsInline: true, class: "ct-face",
    "aria-label": track.name }) }));
  const head = new Playhead(tracks, recording.duration);
  const play = h("button", { type: "button", class: "ct-primary ct-play", onclick: () => head.toggle() });
  const time = h("span", { class: "ct-time" });
  const slider = h("input", { type: "range", min: "0", max: String(recording.duration), step: "0.1",
    value: "0", class: "ct-slider", "aria-label": t("Moment of the recording"),
    oninput: () => head.seek(Number(slider.value)) });
  const pins = h("div", { class: "ct-pins" });
  const list = h("ol", { class: "ct-comments" });
  const step = (seconds, label) => h("button", { type: "button", class: "ct-quiet",
    onclick: () => head.seek(head.time + seconds) }, label);
  const speed = h("select", { class: "ct-speed", "aria-label": t("Speed"),
    onchange: () => head.setRate(Number(speed.value)) },
  [0.75, 1, 1.25, 1.5, 2].map((rate) => h("option", { value: String(rate), selected: rate === 1 },
    `${rate}×`)));

  function drawTime() {
    slider.value = String(head.time);
    slider.setAttribute("aria-valuetext", clock(head.time));
    time.textContent = `${clock(head.time)} / ${clock(recording.duration)}`;
    writing.moment(head.time);
    for (const item of list.children) {
      const at = Number(item.dataset.at);
      item.classList.toggle("ct-now", head.time >= at - 0.5 && head.time < at + 5);
    }
  }

  function drawComments() {
    pins.replaceChildren(...comments.map((comment) => h("button", {
      type: "button", class: "ct-pin", style: `left:${(comment.at / recording.duration) * 100}%`,
      "aria-label": t("Comment of {name} at {time}", { name: comment.author, time: clock(comment.at) }),
      title: `${clock(comment.at)} ${comment.author}: ${comment.text}`,
      onclick: () => jump(comment) })));
    list.replaceChildren(...comments.map(commentItem));
    empty.hidden = comments.length > 0;
    onChange({ ...recording, comments });
  }

  function jump(comment) {
    head.seek(comment.at);
    list.querySelector(`[data-id="${comment.id}"]`)?.scrollIntoView({ block: "nearest" });
  }

  function commentItem(comment) {
    const line = recording.rubric.find((one) => one.id === comment.rubric_line);
    return h("li", { "data-at": String(comment.at), "data-id": comment.id },
      h("button", { type: "button", class: "ct-moment", onclick: () => jump(comment) }, clock(comment.at)),
      h("div", {},
        h("p", {}, comment.text),
        h("p", { class: "ct-small" }, [comment.author, line?.title].filter(Boolean).join(" · "),
          comment.mine ? [" ", h("button", { type: "button", class: "ct-plain",
            onclick: () => remove(comment) }, t("Take back"))] : null)));
  }

  async function remove(comment) {
    try {
      await api(`/api/v1/recordings/${recording.id}/comments/${comment.id}`, { method: "DELETE" });
      comments.splice(comments.indexOf(comment), 1);
      drawComments();
    } catch (error) {
      writing.say(error);
    }
  }

  const writing = commentForm(recording, {
    now: () => head.time,
    stop: () => head.stop(),
    added(comment) {
      comments.push(comment);
      comments.sort((one, other) => one.at - other.at);
      drawComments();
    },
  });
  const empty = h("p", { class: "ct-small" }, t("No comments yet."));

  function keys(event) {
    if (event.target.matches("textarea, select, input:not([type=range])") || event.metaKey
      || event.ctrlKey || event.altKey) return;
    const moves = { ArrowLeft: -5, ArrowRight: 5, j: -10, l: 10 };
    if (event.key in moves) head.seek(head.time + moves[event.key]);
    else if (event.key === "k" || (event.key === " " && !event.target.matches("button"))) head.toggle();
    else if (event.key === "c") writing.focus();
    else if (event.key === "[" || event.key === "]") {
      const ahead = event.key === "]";
      const next = (ahead ? comments : [...comments].reverse()).find((one) => (
        ahead ? one.at > head.time + 0.3 : one.at < head.time - 0.3));
      if (next) jump(next);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  head.addEventListener("time", drawTime);
  head.addEventListener("playing", () => {
    play.textContent = head.playing ? t("Pause") : t("Play");
  });
  play.textContent = t("Play");
  root.replaceChildren(h("section", { class: "ct-player", tabIndex: 0, onkeydown: keys,
    "aria-label": t("Recording of {name}, {when}", { name: recording.name, when: recording.started_local }) },
  h("div", { class: "ct-watch" },
    h("div", { class: "ct-faces", "data-count": String(Math.min(4, tracks.length)) },
      tracks.map((track) => h("figure", { class: "ct-tile" }, track.media,
        h("figcaption", {}, track.name)))),
    h("div", { class: "ct-timeline" }, pins, slider),
    h("div", { class: "ct-bar" }, play, step(-5, t("Back 5 s")), step(5, t("Forward 5 s")), speed, time),
    recording.reason ? h("p", { class: "ct-small" }, reasonWords(recording)) : null,
    h("p", { class: "ct-small ct-keys" }, t("Keys: space plays and pauses, arrows move 5 seconds, [ and ] go to the comments, c writes one."))),
  h("div", { class: "ct-beside" },
    h("h3", {}, t("Comments")), empty, list, writing.element,
    recording.rubric.length ? marksPanel(recording, onChange) : null,
    recording.may_delete && onDelete ? deletion(recording, onDelete) : null)));
  drawComments();
  drawTime();
  return { close: () => head.close(), seek: (at) => head.seek(at), head };
}

function commentForm(recording, { now, stop, added }) {
  let at = 0;
  const text = h("textarea", { rows: 3, maxLength: 4000, required: true,
    "aria-label": t("Your comment"), onfocus: () => stop() });
  const line = h("select", { "aria-label": t("Rubric line") },
    h("option", { value: "" }, t("No rubric line")),
    recording.rubric.map((one) => h("option", { value: one.id }, one.title)));
  const submit = h("button", { type: "submit", class: "ct-secondary" });
  const problem = h("p", { class: "ct-problem", role: "alert", hidden: true });
  const element = h("form", { class: "ct-write" }, text, recording.rubric.length ? line : null, submit, problem);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    problem.hidden = true;
    try {
      const { comment } = await api(`/api/v1/recordings/${recording.id}/comments`, { method: "POST",
        json: { at: Math.floor(now()), // the moment that the button names
           text: text.value, rubric_line: line.value } });
      text.value = "";
      added(comment);
    } catch (error) {
      say(error);
    } finally {
      submit.disabled = false;
    }
  });
  function say(error) {
    problem.hidden = false;
    problem.textContent = sentences(error.message, error.hint);
  }
  function moment(seconds) {
    if (Math.floor(seconds) === at && submit.textContent) return;
    at = Math.floor(seconds);
    submit.textContent = t("Comment at {time}", { time: clock(seconds) });
  }
  moment(0);
  return { element, moment, say, focus: () => text.focus() };
}

function deletion(recording, onDelete) {
  const confirm = h("div", { hidden: true, class: "ct-confirm" },
    h("p", {}, t("Delete this recording for good? Picture, sound and comments go; nobody can bring them back.")),
    h("button", { type: "button", class: "ct-danger", onclick: async () => {
      try {
        await api(`/api/v1/recordings/${recording.id}`, { method: "DELETE", json: { confirm: recording.id } });
        onDelete(recording);
      } catch (error) {
        confirm.append(h("p", { class: "ct-problem", role: "alert" }, sentences(error.message, error.hint)));
      }
    } }, t("Delete for good")), " ",
    h("button", { type: "button", class: "ct-quiet", onclick: () => { confirm.hidden = true; } }, t("Keep it")));
  return h("div", { class: "ct-delete" },
    h("p", { class: "ct-small" }, t("Deleted by itself on {when}.", { when: recording.delete_after_local })),
    h("button", { type: "button", class: "ct-plain", onclick: () => { confirm.hidden = false; } },
      t("Delete this recording…")), confirm);
}

/** Say in words how a recording ended, or why it can't be played. */
export function reasonWords({ status, reason }) {
  if (status === "recording") return t("This recording is still being made.");
  if (status === "broken") return t("Nothing of this recording can be played.");
  return {
    "server-stopped": t("The server was interrupted; everything until then was kept."),
    "page-closed": t("The page was closed; everything until then was kept."),
    "disk-full": t("The server's disk was full; everything until then was kept."),
    "write-failed": t("The server could not write on; everything until then was kept."),
  }[reason] ?? "";
}
