// Markdown that a callback shows; loaded only then.

import "./connect.js";
import { marked } from "marked";

/** Return HTML. */
export const markdown = (text) => marked.parse(text, { async: false, gfm: true });
