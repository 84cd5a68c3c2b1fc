// Marks by rubric line: four levels in words, everybody's own; one's earlier marks stay in the record.

import { api } from "./_api.js";
import { h } from "./_dom.js";
import { sentences, t } from "./_i18n.js";

/** Return the panel with the rubric of a recording. */
export function marksPanel(recording, onChange) {
  const problem = h("p", { class: "ct-problem", role: "alert", hidden: true });
  const panel = h("div", { class: "ct-rubric" },
    h("h3", {}, t("Rubric")),
    recording.mine ? h("p", { class: "ct-small" },
      t("This is your own view of your lesson. Your trainer marks for herself, and only her levels count in reports.")) : null,
    recording.rubric.map((line) => lineOf(recording, line, save)), problem);

  async function save(line, level, saved) {
    problem.hidden = true;
    try {
      const { mark } = await api(`/api/v1/recordings/${recording.id}/marks`,
        { method: "POST", json: { rubric_line: line.id, level } });
      recording.marks = recording.marks.filter((one) => !(one.mine && one.rubric_line === line.id));
      recording.marks.push(mark);
      saved.textContent = t("Saved");
      onChange(recording);
    } catch (error) {
      problem.hidden = false;
      problem.textContent = sentences(error.message, error.hint);
    }
  }
  return panel;
}

function said(mark, line) {
  return { name: mark.author, level: line.levels[mark.level] ?? mark.level };
}

function lineOf(recording, line, save) {
  const mine = recording.marks.find((mark) => mark.mine && mark.rubric_line === line.id);
  const others = recording.marks.filter((mark) => !mark.mine && mark.rubric_line === line.id);
  const saved = h("span", { class: "ct-small", role: "status" });
  return h("fieldset", { class: "ct-line" },
    h("legend", {}, line.title),
    line.levels.map((words, level) => h("label", { class: "ct-choice" },
      h("input", { type: "radio", name: `mark-${recording.id}-${line.id}`, checked: mine?.level === level,
        onchange: () => save(line, level, saved) }), words)),
    saved,
    others.map((mark) => h("p", { class: "ct-small" },
      mark.self ? t("{name} about herself: {level}", said(mark, line)) : t("{name}: {level}", said(mark, line)))));
}
