// Talking to the portal's API: JSON, errors as sentences, one silent sign-in when the session ended.

import { t } from "./_i18n.js";

/** An answer that says no, in words a person may read. */
export class ApiError extends Error {
  constructor(message, hint, code, status) {
    super(message);
    Object.assign(this, { hint, code, status });
  }
}

/** Ask the API; `json` is sent as the body. */
export async function api(path, { method = "GET", json, retry = true } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: json === undefined ? {} : { "Content-Type": "application/json" },
      body: json === undefined ? undefined : JSON.stringify(json),
    });
  } catch {
    throw new ApiError(t("The server can't be reached."), t("Check your line and try again."),
      "unreachable", 0);
  }
  if (response.status === 401 && retry) {
    // The Hub knows her still: following its redirects once sets the portal's cookie again.
    await fetch("/login?next=/api/v1/me", { credentials: "same-origin" }).catch(() => null);
    return api(path, { method, json, retry: false });
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    const said = body.error?.message ? body.error : body;
    throw new ApiError(said.message ?? t("The server answered with an error."), said.hint ?? "",
      said.code ?? body.error ?? "error", response.status);
  }
  return body;
}
