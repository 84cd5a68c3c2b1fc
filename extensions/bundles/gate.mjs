// The gate before people's Labs.
//
// Rule: a request to /user/NAME/… goes on only when it comes from NAME, and never with the session
// cookie. A Lab belongs to its person, who may run anything in its place; whoever else opened it
// would hand her a session, or run her scripts on the origin of the portal. So a visitor is known
// here, before the Lab sees anything of the request. A program shows the Hub's token instead of a
// cookie; browsers never add one by themselves. Everything outside /user/ is left alone.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurableProxy } from "./node_modules/configurable-http-proxy/lib/configproxy.js";
import { claimsOf, sessionKey } from "./session.mjs";

const COOKIE = "coteach_session";
const VARIABLE = "COTEACH_SESSION_SECRET";
const PASSED = Symbol("the Lab that a request may go to");
const TOKEN = /^(?:token|bearer)\s+\S/i;

const secret = process.env[VARIABLE] ?? "";
delete process.env[VARIABLE];
const onlyVersion = process.argv.length === 3 && process.argv[2] === "--version";
if (secret.length < 32 && !onlyVersion) {
  console.error(`${VARIABLE} is missing: the proxy can't tell people apart and does not start.`);
  process.exit(1);
}
const key = sessionKey(secret);

/** Return whose Lab a decoded path belongs to, cut up as the routing table does it. */
function labOf(path) {
  const [first, name] = path.replace(/^\/+|\/+$/g, "").split("/");
  return first === "user" && name ? name : undefined;
}

/** Divide a Cookie header into the values of session cookies and the header without them. */
function divide(header) {
  const sessions = [], others = [];
  for (const part of (header ?? "").split(";")) {
    const equals = part.indexOf("=");
    if (equals >= 0 && part.slice(0, equals).trim() === COOKIE) {
      sessions.push(part.slice(equals + 1).trim().replace(/^"(.*)"$/, "$1"));
    } else others.push(part);
  }
  return { sessions, rest: others.join(";").trim() };
}

function setCookies(req, rest) {
  if (rest) req.headers.cookie = rest;
  else delete req.headers.cookie;
}

/**
 * Decide about a request, and take the session cookie out of it.
 *
 * Returns "pass", "nobody" (no good session), "another" (somebody else's Lab) or "strange" (an
 * address that can't be read).
 */
function judge(req) {
  let name;
  try {
    // Exactly as the proxy finds the target, or one could be led around the gate.
    name = labOf(decodeURIComponent(new URL(req.url, "http://example.com").pathname));
  } catch {
    return "strange";
  }
  if (name === undefined) return "pass";
  const { sessions, rest } = divide(req.headers.cookie);
  if (!sessions.length && TOKEN.test(req.headers.authorization ?? "")) {
    setCookies(req, "");
    req[PASSED] = name;
    return "pass";
  }
  const names = sessions.map((value) => claimsOf(value, key)?.name)
    .filter((found) => typeof found === "string" && found);
  if (!names.length) return "nobody";
  // A second cookie, planted beside the real one, must not open another door.
  if (names.some((found) => found !== name)) return "another";
  setCookies(req, rest);
  req[PASSED] = name;
  return "pass";
}

const REFUSALS = {
  nobody: { status: 403, code: "not-signed-in", message: "You are not signed in." },
  another: { status: 403, code: "not-yours", message: "This Lab belongs to another person." },
  strange: { status: 400, code: "bad-address", message: "This address can't be read." },
};

function answer(res, status, type, body, headers = {}) {
  res.writeHead(status, {
    "Content-Type": type, "Content-Length": Buffer.byteLength(body), "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff", ...headers });
  res.end(body);
}

async function refuse(proxy, verdict, req, res) {
  const { status, code, message } = REFUSALS[verdict];
  const page = req.method === "GET" && (req.headers.accept ?? "").includes("text/html");
  if (page && verdict === "nobody") {
    const wanted = new URL(req.url, "http://example.com");
    const next = encodeURIComponent(wanted.pathname + wanted.search);
    answer(res, 302, "text/plain", "", { Location: `/login?next=${next}` });
    return;
  }
  if (page && verdict === "another") {
    const text = await readFile(join(proxy.errorPath, "403.html"), "utf8").catch(() => undefined);
    if (text !== undefined) {
      answer(res, status, "text/html; charset=utf-8", text);
      return;
    }
  }
  answer(res, status, "application/json", JSON.stringify({ error: { code, message } }));
}

const { handleProxyWeb, handleProxyWs, targetForReq } = ConfigurableProxy.prototype;

ConfigurableProxy.prototype.handleProxyWeb = function (req, res) {
  const verdict = judge(req);
  if (verdict === "pass") return handleProxyWeb.call(this, req, res);
  return refuse(this, verdict, req, res);
};

ConfigurableProxy.prototype.handleProxyWs = function (req, socket, head) {
  const verdict = judge(req);
  if (verdict === "pass") return handleProxyWs.call(this, req, socket, head);
  const status = REFUSALS[verdict].status;
  socket.on("error", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${status === 403 ? "Forbidden" : "Bad Request"}\r\n`
    + "Connection: close\r\nContent-Length: 0\r\n\r\n", () => socket.destroySoon());
};

// A second look at what the routing table answers: should the two ever read an address differently,
// the request goes nowhere.
ConfigurableProxy.prototype.targetForReq = async function (req) {
  const match = await targetForReq.call(this, req);
  const name = match && labOf(match.prefix);
  return name === undefined || name === req[PASSED] ? match : undefined;
};
