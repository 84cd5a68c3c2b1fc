// The portal's page of a room: the same room as in a notebook.

import { setCatalog } from "./_i18n.js";
import { mount as practice } from "./practice.js";
import { mount as webcast } from "./webcast.js";

const json = (id) => JSON.parse(document.getElementById(id)?.textContent || "{}");

setCatalog(json("coteach-widgets-catalog"));
const root = document.getElementById("room");
const mount = root.dataset.kind === "webcast" ? webcast : practice;
mount(root, { room: root.dataset.room, module: root.dataset.module, headed: true });
