"""Errors as people and programs read them: a page for browsers, JSON for the API."""

from __future__ import annotations

from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _
from coteach.portal import limits
from coteach.portal.dependencies import SignInNeeded
from coteach.portal.templating import render

log = structlog.get_logger()


def wants_json(request: Request) -> bool:
    """Say whether an answer is read by a program."""
    if request.url.path.startswith("/api/"):
        return True
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def answer(request: Request, error: UserError, *, reference: str = "") -> Response:
    """Return the answer that tells a person, or a program, about an error."""
    if wants_json(request):
        body = {"code": error.code, "message": error.message, "hint": error.hint}
        if reference:
            body["reference"] = reference
        return JSONResponse({"error": body}, status_code=error.status)
    if isinstance(error, SignInNeeded) and request.method in ("GET", "HEAD"):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse("/login?" + urlencode({"next": here}), status_code=303)
    return render(request, "error.html", status=error.status, error=error, reference=reference,
                  stranger=getattr(request.state, "stranger", None))


def unknown(request: Request, reference: str) -> Response:
    """Return the calm page for a fault of ours."""
    return answer(request, UserError(
        _("Something went wrong here, and it is not your fault."),
        hint=_("Try again in a moment. If it stays, tell your trainer this number."),
        status=500, code="internal"), reference=reference)


def _user_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    return answer(request, error)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Names of fields only: what was typed does not belong into answers or logs.
    names = [".".join(str(part) for part in problem["loc"][1:]) for problem in error.errors()]
    wrong = ", ".join(dict.fromkeys(name for name in names if name))
    return answer(request, UserError(
        _("Something in this request is missing or not valid: {names}.").format(names=wrong)
        if wrong else _("This request can't be read."),
        hint=_("Go back, correct it and send it again."), status=422, code="invalid"))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer(request, NotFound(
            _("This page does not exist."), hint=_("Check the address, or start from home.")))
    if isinstance(error, limits.TooLarge):
        return answer(request, limits.too_large(error.most))
    if error.status_code == 405:
        return answer(request, UserError(_("This address can't be used like that."),
                                         hint=_("Start from home."), status=405, code="method"))
    return answer(request, UserError(
        _("This request was refused."), hint=_("Go back and try again."),
        status=error.status_code, code="refused"))


def install(app: FastAPI) -> None:
    """Let an application answer errors in our way."""
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
