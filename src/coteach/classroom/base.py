"""What all handlers of the classroom share: language, errors as sentences, pages, the store.

Rule: a handler raises `UserError` and never writes an error itself; browsers get a page, scripts
get JSON. The store is used in a thread, so that a slow disk holds up nobody's socket.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import json
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from tornado.httputil import HTTPInputError, ParseBodyConfig, parse_body_arguments
from tornado.web import HTTPError, RequestHandler, stream_request_body

from coteach.classroom.guests import COOKIE, Pass
from coteach.errors import Forbidden, NotFound, UserError
from coteach.hub.session import same_origin
from coteach.i18n import DEFAULT_LANGUAGE, LANGUAGE_COOKIE, match, negotiate, set_language
from coteach.i18n import gettext as _
from coteach.pages import serving
from coteach.store.full import storage_full
from coteach.store.locked import is_locked

if TYPE_CHECKING:
    from coteach.classroom.service import Classroom

T = TypeVar("T")
BASE = "/c/"
STATIC = Path(__file__).parent / "static"
YEAR = 365
MOST_BODY = 300_000
"""Bytes of a request that are kept; what is longer is refused and not read into memory."""
READ_PAST = 16_000_000
"""Up to here a body that is too large is read past and answered; beyond, the line is cut."""
LONGEST_WAIT = 20.0
"""Seconds that a change waits for the changes of others, and for another process."""
CONTENT_POLICY = "; ".join((
    "default-src 'self'", "img-src 'self' data:", "object-src 'none'", "base-uri 'none'",
    "form-action 'self'", "frame-ancestors 'self'"))

log = structlog.get_logger("classroom")


@cache
def own(name: str) -> str:
    """Return the address of one of the classroom's own files, new whenever its content is."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"{BASE}static/room/{name}?v={digest}"


def loopback(address: str) -> bool:
    """Say whether an address is this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@stream_request_body
class Handler(RequestHandler):
    """A handler with a language, a guest and a store."""

    room: Classroom
    most_body = MOST_BODY
    form_config = ParseBodyConfig()
    _body = b""
    _parsed = False

    def initialize(self, room: Classroom) -> None:
        """Take the service's parts."""
        self.room = room

    def set_default_headers(self) -> None:
        """Pages hold what one person may see; no cache on the way may keep them."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", CONTENT_POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.clear_header("Server")

    def check_xsrf_cookie(self) -> None:
        """Nothing to do: `prepare` looks at where a request was made."""

    def prepare(self) -> Any:
        """Set the language; refuse what another site sends."""
        serving.allow(self, READ_PAST)
        asked = match(self.get_query_argument("lang", "") or "")
        if asked:
            self.set_cookie(LANGUAGE_COOKIE, asked, path="/", expires_days=YEAR, samesite="Lax",
                            secure=self.room.secure)
        self.asked_language = asked
        self.use_language(None)
        headers = {name.lower(): value for name, value in self.request.headers.get_all()}
        if self.request.method not in ("GET", "HEAD") and not same_origin(headers):
            self.refuse(Forbidden(_("This was sent from another site and was not done."),
                                  hint=_("Open the page here and try again."),
                                  code="cross-site"))
        return None

    def refuse(self, error: UserError) -> None:
        """Answer with a refusal as soon as the body has gone by.

        An answer before that would cut the line, and the browser would see no sentence.
        """
        async def refusing(*_path: str) -> None:
            raise error

        setattr(self, str(self.request.method).lower(), refusing)

    def data_received(self, chunk: bytes) -> None:
        """Keep the body as it comes, up to a little more than the limit."""
        if len(self._body) <= self.most_body:
            self._body += chunk

    def body(self) -> bytes:
        """Return the body, read once it is there.

        Raises
        ------
        UserError
            It is too large.
        """
        if len(self._body) > self.most_body:
            raise too_large()
        return self._body

    def get_body_arguments(self, name: str, strip: bool = True) -> list[str]:
        """Return the values of a form's field."""
        if not self._parsed:
            self._parsed = True
            try:
                parse_body_arguments(self.request.headers.get("Content-Type", ""), self.body(),
                                     self.request.body_arguments, self.request.files,
                                     config=self.form_config)
            except HTTPInputError as error:
                raise self.unreadable(error) from None
        return super().get_body_arguments(name, strip)

    def unreadable(self, error: HTTPInputError) -> UserError:
        """Return the refusal of a form that can't be read or has too many fields."""
        return UserError(_("This request could not be understood."))

    def get_body_argument(self, name: str, default: Any = None, strip: bool = True) -> Any:
        """Return the last value of a form's field."""
        return (self.get_body_arguments(name, strip) or [default])[-1]

    @property
    def address(self) -> str:
        """Where a request comes from.

        The proxy appends the address it was called from to `X-Forwarded-For`; what stands before
        that, and every other such header, is the caller's own word. With a public address of its
        own another server of this machine stands in front of the proxy and did the same.
        """
        connection: Any = self.request.connection
        peer = str((connection.context.address or ("",))[0])
        if not loopback(peer):
            return peer
        named = [part.strip() for part in
                 self.request.headers.get("X-Forwarded-For", "").split(",")]
        if self.room.settings.public_url and len(named) > 1 and loopback(named[-1]):
            named.pop()
        return named[-1] or peer

    def use_language(self, known: str | None, *, pupil: bool = False) -> None:
        """Choose the language again, now that the class or the person is known.

        A pupil's phone that is set to another language than English speaks for its owner; one that
        was left at English says little, and then the language of the class counts.
        """
        accept = self.request.headers.get("Accept-Language")
        if pupil and (device := negotiate(accept=accept)) != DEFAULT_LANGUAGE:
            known = device
        self.language = negotiate(
            query=self.asked_language, cookie=self.get_cookie(LANGUAGE_COOKIE), person=known,
            accept=accept)
        set_language(self.language)

    @property
    def guest(self) -> Pass | None:
        """The pupil behind the request."""
        return self.room.guests.read(self.get_cookie(COOKIE))

    @property
    def late_guest(self) -> Pass | None:
        """The same for answers, also of a class that is over; see `Guests.read`."""
        return self.room.guests.read(self.get_cookie(COOKIE), late=True)

    async def read(self, ask: Callable[[Session], T]) -> T:
        """Ask the store something."""
        return await self.room.read(ask)

    async def change(self, do: Callable[[Session], T]) -> T:
        """Change the store; it is on disk when this returns.

        Changes are made one at a time and in the order in which they came: the database would let
        them wait as well, but in threads and without an order.

        Raises
        ------
        UserError
            The store was in use all the time; nothing was changed.
        """
        def run() -> T:
            with self.room.database.session() as session:
                return do(session)
        until = time.monotonic() + LONGEST_WAIT
        try:
            await asyncio.wait_for(self.room.writing.acquire(), LONGEST_WAIT)
        except TimeoutError:
            raise busy() from None
        try:
            while True:
                try:
                    return await asyncio.to_thread(run)
                except OperationalError as error:
                    if not is_locked(error) or time.monotonic() > until:
                        raise
                await asyncio.sleep(0.1)
        finally:
            self.room.writing.release()

    def here_in(self, tag: str) -> str:
        """Return this page's address in another language."""
        query = [(name, value.decode("utf-8", "replace"))
                 for name, values in self.request.query_arguments.items() if name != "lang"
                 for value in values]
        return "?" + urlencode([*query, ("lang", tag)])

    def text_of(self, template: str, **context: Any) -> str:
        """Return a rendered template."""
        return self.room.templates.get_template(template).render({
            "person": None, "time_zone": "UTC", "demo": self.room.settings.demo,
            "home_url": "/c/", "here_in": self.here_in, **context})

    def show(self, template: str, status: int = 200, **context: Any) -> None:
        """Answer with a page."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self.text_of(template, **context))

    @property
    def for_script(self) -> bool:
        """Whether a script reads the answer."""
        return self.request.path.startswith("/c/api/")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with a calm sentence."""
        error = _told(kwargs)
        if error is None:
            if status_code == 404:
                error = NotFound(_("There is no such page."))
            elif status_code < 500:
                error = UserError(_("This request could not be understood."), status=status_code)
            else:
                error = UserError(_("Something went wrong here, and it is not your fault."),
                                  hint=_("Try again in a moment."), status=500, code="internal")
        self.set_status(error.status)
        if self.for_script:
            self.finish(json.dumps({"error": {
                "code": error.code, "message": error.message, "hint": error.hint}}))
        else:
            self.show("problem.html", error.status, error=error)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Keep the status of a `UserError` instead of 500."""
        error = _told(kwargs)
        super().send_error(status_code if error is None else error.status, **kwargs)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log faults of ours only; what people typed stays out."""
        if isinstance(value, UserError):
            log.info("refused", path=self.request.path.split("/")[1:3], code=value.code)
        elif is_locked(value):
            log.warning("store-busy", path=self.request.path.split("/")[1:3])
        elif not isinstance(value, HTTPError):
            log.error("fault", method=self.request.method, path=self.request.path,
                      exc_info=(typ, value, tb))


def _told(about: dict[str, Any]) -> UserError | None:
    """Return what a person may read of the error that Tornado hands on."""
    error = (about.get("exc_info") or (None, None, None))[1]
    if isinstance(error, UserError):
        return error
    return busy() if is_locked(error) else storage_full(error)


def busy() -> UserError:
    """Return the refusal of what may be sent again in a moment; pages do so by themselves."""
    return UserError(_("The class is very busy just now."), hint=_("Try again in a moment."),
                     status=503, code="again")


def too_large() -> UserError:
    """Return the refusal of a body that nobody writes by hand."""
    return UserError(_("What was sent is too large."), hint=_("Write less."), status=413,
                     code="too-large")


class Missing(Handler):
    """Every address that is none."""

    def prepare(self) -> Any:
        """Answer that there is nothing."""
        super().prepare()
        self.refuse(NotFound(_("There is no such page.")))


class Health(Handler):
    """Says that the service answers."""

    def get(self) -> None:
        """Answer."""
        self.finish({"ok": True})
