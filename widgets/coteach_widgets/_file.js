// Answers as a file, as the teacher's coteach reads it: from pages without a server, and of answers
// that a closed class takes in no more.

import { t } from "./_i18n.js";
import { answerOf, placeOf } from "./_draft.js";

/** Return a blob as base64. */
function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** Everything that waits in an outbox, in order, and what was typed and not saved. */
async function contents(box, whose) {
  const rows = await box.kept.waiting(box.page.pupil);
  const media = {};
  for (const row of rows) {
    const name = row.event.value.answer.media;
    const newest = rows.findLast?.((one) => one.event.cell === row.event.cell
      && one.event.value.key === row.event.value.key) ?? row;
    if (row.blob && name && newest === row) media[name] = await base64(row.blob);
  }
  const events = rows.filter((row) => !row.event.value.answer.media || media[row.event.value.answer.media])
    .map((row) => row.event);
  for (const [name, draft] of box.drafts) {
    const answer = answerOf(draft, box.about(name).value?.answer);
    if (answer) {
      events.push({ id: box.newId(), verb: "answered", client_time: new Date().toISOString(),
        cell: placeOf(name).cell, value: { kind: draft.kind, key: placeOf(name).key, answer } });
    }
  }
  return {
    format: "coteach-answers", version: 1, lesson: whose.lesson, lesson_version: whose.version,
    language: whose.language, pupil: { card: whose.card, nickname: whose.nickname },
    events: events.map((event, place) => ({ ...event, client_seq: place + 1 })), media,
  };
}

/** Save the file; return the sentence that says what became of it. */
export async function saveFile(box, whose) {
  const file = await contents(box, whose);
  if (!file.events.length) return t("You have not answered anything yet.");
  const address = URL.createObjectURL(new Blob([JSON.stringify(file)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${whose.lesson}-${whose.nickname.replace(/[^\p{L}\p{N}]+/gu, "-")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return t("Saved as {name}. Give this file to your teacher.", { name: link.download });
}
