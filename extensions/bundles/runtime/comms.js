// Comms over a line: what ipywidgets' models send and receive.
//
// Rule: messages from the kernel are worked off one after the other, so a widget exists before the
// first message to it.

import { newId } from "./socket.js";

/** One comm, as @jupyter-widgets/base wants it. */
class Comm {
  constructor(comms, target, id) {
    this.comms = comms;
    this.target_name = target;
    this.comm_id = id;
    this.message = null;
    this.closed = null;
  }

  open(data, callbacks, metadata, buffers) {
    return this.comms.post("comm_open", { comm_id: this.comm_id, target_name: this.target_name,
      data: data ?? {} }, callbacks, metadata, buffers);
  }

  send(data, callbacks, metadata, buffers) {
    return this.comms.post("comm_msg", { comm_id: this.comm_id, data }, callbacks, metadata,
      buffers);
  }

  close(data, callbacks, metadata, buffers) {
    this.comms.open.delete(this.comm_id);
    return this.comms.post("comm_close", { comm_id: this.comm_id, data: data ?? {} }, callbacks,
      metadata, buffers);
  }

  on_msg(callback) {
    this.message = callback;
  }

  on_close(callback) {
    this.closed = callback;
  }
}

/** All comms of a kernel, and who waits for which answer. */
export class Comms {
  constructor(post) {
    this.send = post;
    this.open = new Map();
    this.targets = new Map();
    this.callbacks = new Map();
    this.catchers = new Map();
    this.senders = new Map(); // which comm a message came from that the kernel still works on
    this.order = Promise.resolve();
    this.sent = () => {};
  }

  /** Return a comm with this id; it is not opened in the kernel. */
  make(target, id = newId()) {
    const comm = new Comm(this, target, id);
    this.open.set(id, comm);
    return comm;
  }

  post(type, content, callbacks, metadata, buffers) {
    this.sent(content);
    const id = this.send(type, content, metadata ?? {}, buffers ?? []);
    if (type === "comm_msg") this.senders.set(id, content.comm_id);
    if (callbacks) this.callbacks.set(id, callbacks);
    return id;
  }

  /** Let a function have the outputs that come of one message; return how to stop that. */
  catchOutputs(parent, take) {
    const stack = this.catchers.get(parent) ?? [];
    stack.push(take);
    this.catchers.set(parent, stack);
    return () => {
      const place = stack.indexOf(take);
      if (place >= 0) stack.splice(place, 1);
      if (!stack.length && this.catchers.get(parent) === stack) this.catchers.delete(parent);
    };
  }

  /** Work off a message of the kernel after those that came before it. */
  receive(message) {
    this.order = this.order.then(() => this.#handle(message)).catch((error) => {
      console.error(error);
    });
  }

  async #handle(message) {
    const { header, parent_header: parent, content } = message;
    const waiting = this.callbacks.get(parent?.msg_id);
    switch (header.msg_type) {
      case "comm_open": {
        const target = this.targets.get(content.target_name);
        const comm = this.make(content.target_name, content.comm_id);
        if (target) await target(comm, message);
        else comm.close();
        return;
      }
      case "comm_msg":
        await this.open.get(content.comm_id)?.message?.(message);
        return;
      case "comm_close":
        this.open.get(content.comm_id)?.closed?.(message);
        this.open.delete(content.comm_id);
        return;
      case "status":
        waiting?.iopub?.status?.(message);
        if (content.execution_state === "idle") {
          this.callbacks.delete(parent?.msg_id);
          this.senders.delete(parent?.msg_id);
        }
        return;
      case "update_display_data":
        this.updated?.(content);
        return;
      case "stream": case "display_data": case "execute_result": case "error":
      case "clear_output": {
        const stack = this.catchers.get(parent?.msg_id);
        if (stack?.length) stack[stack.length - 1](message);
        else if (header.msg_type === "error") this.failed?.(content, this.senders.get(parent?.msg_id));
        else waiting?.iopub?.[header.msg_type === "clear_output" ? "clear_output" : "output"]?.(
          message);
        return;
      }
      default:
        waiting?.shell?.reply?.(message);
        if (header.msg_type === "comm_info_reply") this.info?.(content.comms ?? {});
    }
  }
}
