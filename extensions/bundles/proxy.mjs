// What `node configurable-http-proxy.js` runs: the gate first, so that no proxy is ever made
// without it, then the proxy's own command.
import "./gate.mjs";
import "./node_modules/configurable-http-proxy/bin/configurable-http-proxy";
