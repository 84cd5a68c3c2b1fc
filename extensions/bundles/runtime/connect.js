// A class page and its kernel: what page.js gets when it loads this runtime at the first touch.

import { Comms } from "./comms.js";
import { Manager } from "./manager.js";
import { configure } from "./modules.js";
import { Line } from "./socket.js";

/**
 * Connect to a kernel and load its widgets.
 *
 * @param options.base - the service's address, with slashes at both ends
 * @param options.kernel - the kernel's id
 * @param options.words - sentences by name
 * @param options.states - the address of the widgets' states as the page shows them
 * @param options.lost - called when the line breaks
 * @param options.changed - called after a value went to the kernel
 * @param options.failed - called with the error of a callback of the lesson, the element of the
 *   widget that it answered, unless an output shows that, and the id of a widget
 * @param options.sent - called with the id of a widget before it tells the kernel something
 */
export async function connect({ base, kernel, words, states, lost, changed, failed, sent }) {
  configure(`${base}page/`);
  // Modules with parts of their own look for them here, as in a notebook.
  document.body.dataset.baseUrl = `${base}page/`;
  document.body.dataset.jpThemeLight = String(!matchMedia("(prefers-color-scheme: dark)").matches);
  const address = new URL(`${base}api/kernels/${kernel}/channels`, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const line = new Line(address.href, { message: (message) => comms.receive(message), lost });
  const comms = new Comms((...given) => line.send(...given));
  const manager = new Manager(comms, words, states);
  manager.onchanged = changed;
  manager.onfailed = failed;
  manager.onsent = sent;
  await line.connect();
  await manager.load();
  return {
    kernel,
    /** Show a widget in an element, which must be in the page. */
    show: (id, element) => manager.show(id, element),
    apply: (values) => manager.apply(values),
    press: (id, content) => manager.press(id, content),
    /** What was set from this page, by widget. */
    get changed() { return manager.changed; },
    /** Open the line again after lost() was called. */
    async reconnect() {
      await line.connect();
      await manager.resume();
    },
    close() {
      line.close();
      manager.end();
    },
  };
}
