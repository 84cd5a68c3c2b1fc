// One line to one kernel: Jupyter's WebSocket, with its own framing or as plain JSON.
//
// Rule: a message that could not be sent is kept and sent when the line is there again; an update of
// a widget whose answer was lost with the line is sent again, a press of a button never twice.

const PROTOCOL = "v1.kernel.websocket.jupyter.org";
const text = new TextEncoder();
const words = new TextDecoder();

/** Return a new id for a message, a session or a comm. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const view = (part) => (ArrayBuffer.isView(part)
  ? new Uint8Array(part.buffer, part.byteOffset, part.byteLength) : new Uint8Array(part));

function joined(parts, length, start = 0) {
  const whole = new Uint8Array(length);
  let place = start;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

/** Write a message in Jupyter's binary framing. */
export function pack(message) {
  const parts = [text.encode(message.channel)];
  for (const name of ["header", "parent_header", "metadata", "content"]) {
    parts.push(text.encode(JSON.stringify(message[name])));
  }
  parts.push(...(message.buffers || []).map(view));
  const head = 8 * (parts.length + 2);
  const whole = joined(parts, head + parts.reduce((sum, part) => sum + part.length, 0), head);
  const table = new DataView(whole.buffer);
  // 64-bit numbers of which the upper half is always zero.
  table.setUint32(0, parts.length + 1, true);
  let place = head;
  parts.forEach((part, index) => {
    table.setUint32(8 * (index + 1), place, true);
    place += part.length;
  });
  table.setUint32(8 * (parts.length + 1), place, true);
  return whole.buffer;
}

/** Read a message of Jupyter's binary framing. */
export function unpack(data) {
  const table = new DataView(data);
  const count = table.getUint32(0, true);
  const at = (index) => table.getUint32(8 * (index + 1), true);
  const part = (index) => new Uint8Array(data, at(index), at(index + 1) - at(index));
  const json = (index) => JSON.parse(words.decode(part(index)));
  const message = { channel: words.decode(part(0)), header: json(1), parent_header: json(2),
    metadata: json(3), content: json(4), buffers: [] };
  for (let index = 5; index < count - 1; index += 1) {
    // Each in memory of its own: widgets make arrays of numbers of it, from its first byte.
    message.buffers.push(new DataView(data.slice(at(index), at(index + 1))));
  }
  return message;
}

// The older framing, for a server that does not know the newer one.
function packOld(message) {
  const { buffers = [], ...rest } = message;
  const json = JSON.stringify({ ...rest, buffers: [] });
  if (!buffers.length) return json;
  const parts = [text.encode(json), ...buffers.map(view)];
  const head = 4 * (parts.length + 1);
  const whole = joined(parts, head + parts.reduce((sum, part) => sum + part.length, 0), head);
  const table = new DataView(whole.buffer);
  table.setUint32(0, parts.length);
  let place = head;
  parts.forEach((part, index) => {
    table.setUint32(4 * (index + 1), place);
    place += part.length;
  });
  return whole.buffer;
}

function unpackOld(data) {
  if (typeof data === "string") return JSON.parse(data);
  const table = new DataView(data);
  const count = table.getUint32(0);
  const at = (index) => (index < count ? table.getUint32(4 * (index + 1)) : data.byteLength);
  const message = JSON.parse(words.decode(new Uint8Array(data, at(0), at(1) - at(0))));
  message.buffers = [];
  for (let index = 1; index < count; index += 1) {
    message.buffers.push(new DataView(data.slice(at(index), at(index + 1))));
  }
  return message;
}

/** A line that stays usable while it is down. */
export class Line {
  /**
   * @param url - the address of the kernel's channels, with ws: or wss:
   * @param hooks - message(message) and lost(), which is called once for each time it breaks
   */
  constructor(url, hooks) {
    this.session = newId();
    this.url = `${url}?session_id=${this.session}`;
    this.hooks = hooks;
    this.waiting = [];
    this.unanswered = new Map();
    this.socket = null;
    this.over = false;
  }

  get open() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Open it, or open it again; the promise is kept when messages can go. */
  connect() {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.url, PROTOCOL);
      socket.binaryType = "arraybuffer";
      let was = false;
      socket.onopen = () => {
        was = true;
        this.socket = socket;
        // What was on its way when the line broke goes first, in its old order.
        const again = [...this.unanswered.values()].filter((message) => message.content.data
          && message.content.data.method === "update" && !this.waiting.includes(message));
        this.unanswered.clear();
        for (const message of [...again, ...this.waiting.splice(0)]) this.#write(message);
        resolve();
      };
      socket.onmessage = (event) => {
        if (socket !== this.socket) return;
        const message = socket.protocol === PROTOCOL && typeof event.data !== "string"
          ? unpack(event.data) : unpackOld(event.data);
        if (message.header.msg_type === "status"
            && message.content.execution_state === "idle") {
          this.unanswered.delete(message.parent_header.msg_id);
        }
        this.hooks.message(message);
      };
      socket.onclose = () => {
        if (!was) reject(new Error("the line did not open"));
        else if (socket === this.socket && !this.over) {
          this.socket = null;
          this.hooks.lost();
        }
      };
    });
  }

  /** Send a message on the shell channel; return its id. */
  send(type, content, metadata = {}, buffers = []) {
    const message = { channel: "shell", content, metadata, parent_header: {}, buffers, header: {
      msg_id: newId(), msg_type: type, username: "", session: this.session, version: "5.4",
      date: new Date().toISOString() } };
    if (this.open) this.#write(message);
    else this.waiting.push(message);
    return message.header.msg_id;
  }

  #write(message) {
    this.unanswered.set(message.header.msg_id, message);
    this.socket.send(this.socket.protocol === PROTOCOL ? pack(message) : packOld(message));
  }

  /** Close it for good. */
  close() {
    this.over = true;
    this.socket?.close();
  }
}
