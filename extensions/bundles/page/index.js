// A class page: what runs in every page, before any widget is touched.
//
// Rule: the page is text and forms already; each part here makes one thing better and may fail alone.

import { watchClass } from "./classroom.js";
import { Notices } from "./notices.js";
import { fillIn } from "./pending.js";
import { keepPlace, narrowTables } from "./reading.js";
import { Widgets } from "./widgets.js";

const data = JSON.parse(document.getElementById("coteach-page")?.textContent || "{}");
const words = data.words || {};
const notices = new Notices(words);

narrowTables(document);
keepPlace(data);
let widgets = null;
const wake = () => { widgets = data.widgets && data.runtime ? new Widgets(data, notices) : null; };
if (data.pending) fillIn(data).then(wake);
else wake();
watchClass(data, notices, () => widgets?.end());
