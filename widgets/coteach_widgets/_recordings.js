// Recordings from the API, each with its comments and marks.

import { api } from "./_api.js";

/** Return the recordings of a module, newest first. */
export async function loadRecordings({ module, mine = false }) {
  const query = new URLSearchParams();
  if (module) query.set("module", module);
  if (mine) query.set("person", "me");
  const { recordings } = await api(`/api/v1/recordings?${query}`);
  return Promise.all(recordings.map(({ id }) => loadRecording(id)));
}

/** Return one recording. */
export const loadRecording = async (id) => (await api(`/api/v1/recordings/${id}`)).recording;
