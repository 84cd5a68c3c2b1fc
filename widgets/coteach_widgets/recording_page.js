// The portal's page of a recording: the same player as in a notebook.

import { setCatalog } from "./_i18n.js";
import { mountOne } from "./review.js";

const json = (id) => JSON.parse(document.getElementById(id)?.textContent || "{}");

setCatalog(json("coteach-widgets-catalog"));
const root = document.getElementById("recording");
mountOne(root, { id: root.dataset.id, onDelete: () => { location.href = "/"; } });
