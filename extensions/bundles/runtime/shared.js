// Libraries that modules of other packages may share with us instead of bringing their own.
//
// Rule: only what is in the bundle anyway, named one by one; a whole library would be for the few.

import { ArrayExt, each, toArray } from "@lumino/algorithm";
import { JSONExt, PromiseDelegate, Token, UUID } from "@lumino/coreutils";
import { ConflatableMessage, Message, MessageLoop } from "@lumino/messaging";
import { Signal } from "@lumino/signaling";
import { Layout, LayoutItem, Panel, PanelLayout, Title, Widget } from "@lumino/widgets";
import backbone from "backbone";
import jquery from "jquery";
import underscore from "underscore";
import * as output from "./output.js";

export { output };

const parts = {
  "@lumino/algorithm": { ArrayExt, each, toArray },
  "@lumino/coreutils": { JSONExt, PromiseDelegate, Token, UUID },
  "@lumino/messaging": { ConflatableMessage, Message, MessageLoop },
  "@lumino/signaling": { Signal },
  "@lumino/widgets": { Layout, LayoutItem, Panel, PanelLayout, Title, Widget },
  backbone, jquery, underscore,
};

/** By the name under which it is asked for. */
export const shared = Object.fromEntries(Object.entries(parts).map(([name, value]) =>
  [name, () => value]));
