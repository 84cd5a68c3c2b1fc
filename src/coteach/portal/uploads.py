"""Reading an uploaded notebook: multipart or JSON, never more than the limit in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from coteach.errors import UserError
from coteach.grading import handin
from coteach.grading.inspect import MAX_MB
from coteach.i18n import gettext as _


@dataclass(frozen=True)
class Upload:
    """A notebook with the fields that came with it."""

    raw: bytes
    fields: dict[str, str] = field(default_factory=dict)


def _too_large() -> UserError:
    return UserError(_("The file is larger than {limit} MB.").format(limit=MAX_MB),
                     hint=_("Clear large outputs, save the notebook and hand it in again."),
                     status=413, code="too-large")


def _wrong(detail: str) -> UserError:
    return UserError(detail, hint=_("Send the notebook as the file `notebook` of a form, or as "
                                    "JSON with `assignment` and `notebook`."), status=422,
                     code="bad-upload")


async def read(request: Request) -> Upload:
    """Return what was uploaded.

    Raises
    ------
    UserError
        It is too large, of another kind, or has no notebook.
    """
    # JSON inside JSON may be twice as long.
    most = 2 * handin.MAX_BYTES + (64 << 10)
    if int(request.headers.get("content-length") or 0) > most:
        raise _too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise _too_large()
    request._body = bytes(body)  # what Starlette itself keeps; its parsers read from here
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        found = _json(bytes(body))
    elif kind == "multipart/form-data":
        found = await _form(request)
    else:
        raise UserError(_("A notebook can't be sent as {kind}.").format(kind=kind[:60] or "?"),
                        status=415, code="bad-type")
    if len(found.raw) > handin.MAX_BYTES:
        raise _too_large()
    return found


def _json(body: bytes) -> Upload:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise _wrong(_("What was sent is not JSON.")) from None
    notebook = content.get("notebook") if isinstance(content, dict) else None
    if isinstance(notebook, dict):
        raw = json.dumps(notebook, ensure_ascii=False, indent=1).encode()
    elif isinstance(notebook, str):
        raw = notebook.encode(errors="surrogatepass")
    else:
        raise _wrong(_("There is no notebook in what was sent."))
    return Upload(raw, {k: v for k, v in content.items()
                        if k != "notebook" and isinstance(v, str)})


async def _form(request: Request) -> Upload:
    try:
        async with request.form(max_files=2, max_fields=10) as form:
            file = form.get("notebook")
            if not isinstance(file, UploadFile):
                raise _wrong(_("There is no notebook in what was sent."))
            return Upload(await file.read(), {k: v for k, v in form.items()
                                              if isinstance(v, str)})
    except (MultiPartException, HTTPException, UnicodeDecodeError, KeyError):
        raise _wrong(_("The form that was sent can't be read.")) from None
