// Reads the session cookie that coteach.tokens.TokenSigner mints.
//
// Rule: what Python refuses is refused here too. It is itsdangerous' URLSafeSerializer with SHA-256
// and its default key derivation, "django-concat"; the payload is JSON, compressed when it starts
// with a dot.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { inflateSync } from "node:zlib";

const SALT = "coteach.session";
const ALPHABET = /^[A-Za-z0-9_-]+$/;
const LONGEST = 8192;
const MOST_BYTES = 65536;

/** Return the key that signs sessions, made from the deployment's secret. */
export function sessionKey(secret) {
  return createHash("sha256").update(`${SALT}signer`).update(secret).digest();
}

/** Return the claims of a cookie that is signed and not expired, or undefined. */
export function claimsOf(value, key, now = Date.now() / 1000) {
  const end = value.lastIndexOf(".");
  if (end < 1 || value.length > LONGEST) return undefined;
  const body = value.slice(0, end), signature = value.slice(end + 1);
  if (!ALPHABET.test(signature)) return undefined;
  const given = Buffer.from(signature, "base64url");
  const wanted = createHmac("sha256", key).update(body).digest();
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
  const packed = body.startsWith("."), text = packed ? body.slice(1) : body;
  try {
    const bytes = Buffer.from(text, "base64url");
    const json = packed ? inflateSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes;
    const claims = JSON.parse(json.toString("utf8"));
    return typeof claims?.exp === "number" && claims.exp >= now ? claims : undefined;
  } catch {
    return undefined;
  }
}
