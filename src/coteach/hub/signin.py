"""The pages for signing in, signing up by invitation and changing a password.

The pages work without JavaScript. Every refusal is a sentence on the page that keeps what was
typed, except passwords.
"""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.handlers import BaseHandler
from jupyterhub.handlers.login import LoginHandler
from jupyterhub.utils import new_token
from tornado import web

from coteach.errors import UserError
from coteach.hub.accounts import PASSWORD_LEAST, check_password, fits, hashed
from coteach.hub.templating import N_, language_of
from coteach.i18n import LANGUAGE_COOKIE, set_language
from coteach.i18n import gettext as _
from coteach.store import people
from coteach.store.full import no_space
from coteach.store.schema import Invitation, School

HUBS_WRONG = "Invalid username or password"
"""What JupyterHub says; the field of the form is called "Name"."""
WRONG = N_("This name and this password do not fit together.")
DISK_FULL = N_("The server's disk is full. Nothing that was saved before is lost.")


class Page(BaseHandler):
    """A page of ours inside the Hub: it knows the request's language."""

    async def prepare(self) -> None:
        """Set the language, then what the Hub does first."""
        language = language_of(self)
        set_language(language)
        if self.get_query_argument("lang", None):
            self.set_cookie(LANGUAGE_COOKIE, language, path="/", expires_days=365, samesite="Lax")
        await super().prepare()

    def typed(self, name: str, *, strip: bool = True) -> str:
        """Return a field of the form, empty when it was not sent."""
        return str(self.get_body_argument(name, "", strip=strip))


class SignInPage(Page, LoginHandler):
    """`/hub/login`."""

    async def post(self) -> None:
        """Sign in; a form without its fields is a wrong password and not a fault."""
        for name in ("username", "password"):
            if name not in self.request.body_arguments:
                self.request.body_arguments[name] = self.request.arguments[name] = [b""]
        await super().post()

    def _render(self, login_error: str | None = None, username: str | None = None,
                **values: Any) -> Any:
        """Say it in our words; on a full disk the Hub takes everybody for a stranger."""
        if no_space(self.authenticator.settings.layout.hub):
            login_error = DISK_FULL
        elif login_error == HUBS_WRONG:
            login_error = WRONG
        return super()._render(login_error=login_error, username=username, **values)


class SignUpPage(Page):
    """`/hub/signup?invite=TOKEN`."""

    @property
    def token(self) -> str:
        """The invitation in the address or the form."""
        return str(self.get_argument("invite", ""))

    async def get(self) -> None:
        """Show the form, or say why the invitation can't be used."""
        try:
            invitation, school = await asyncio.to_thread(self._invitation)
        except UserError as error:
            await self._refuse(error)
            return
        await self._show(invitation, school, {"display_name": invitation.display_name})

    async def post(self) -> None:
        """Make the account and go on to the portal, signed in."""
        address = self.request.remote_ip
        throttle = self.authenticator.throttle
        if throttle.wait("(sign-up)", address):
            raise web.HTTPError(429, _("Too many tries. Wait a minute and try again."))
        try:
            invitation, school = await asyncio.to_thread(self._invitation)
        except UserError as error:
            throttle.failed("(sign-up)", address)
            await self._refuse(error)
            return
        values = {name: self.typed(name) for name in ("username", "display_name")}
        password = self.typed("password", strip=False)
        try:
            if password != self.typed("password_again", strip=False):
                raise UserError(_("The two passwords differ."), hint=_("Type them again."))
            person = await self.authenticator.sign_up(
                self.token, password=password, language=language_of(self),
                time_zone=self.typed("time_zone"), **values)
        except UserError as error:
            self.set_status(error.status)
            await self._show(invitation, school, values, error)
            return
        self.log.info("Account made by invitation: %s", person.username)
        user = await self.login_user({"username": person.username, "password": password})
        self._jupyterhub_user = user
        self.redirect(self.default_url)

    def _invitation(self) -> tuple[Invitation, School | None]:
        with self.authenticator.store.reading() as session:
            found = people.invitation(session, self.token)
            return found, session.get(School, found.school_id) if found.school_id else None

    async def _refuse(self, error: UserError) -> None:
        self.set_status(error.status)
        self.finish(await self.render_template("signup-refused.html", error=error))

    async def _show(self, invitation: Invitation, school: School | None, values: dict[str, str],
                    error: UserError | None = None) -> None:
        self.finish(await self.render_template(
            "signup.html", invitation=invitation, school=school, values=values, error=error,
            token=self.token, password_least=PASSWORD_LEAST))


class ChangePasswordPage(Page):
    """`/hub/change-password`."""

    @web.authenticated
    async def get(self) -> None:
        """Show the form."""
        await self._show()

    @web.authenticated
    async def post(self) -> None:
        """Change one's own password, knowing the old one."""
        name, address = self.current_user.name, self.request.remote_ip
        account = self.authenticator.get_user(name)
        throttle = self.authenticator.throttle
        new = self.typed("new_password", strip=False)
        try:
            if throttle.wait(name, address):
                raise UserError(_("Too many tries. Wait a minute and try again."), status=429)
            if account is None or not await asyncio.to_thread(
                    fits, self.typed("old_password", strip=False), account.password):
                throttle.failed(name, address)
                raise UserError(_("This is not your present password."), status=403)
            if new != self.typed("password_again", strip=False):
                raise UserError(_("The two passwords differ."), hint=_("Type them again."))
            check_password(new, name)
        except UserError as error:
            self.set_status(error.status)
            await self._show(error=error)
            return
        account.password = await asyncio.to_thread(hashed, new)
        self._end_other_sessions()
        self.db.commit()
        self.log.info("Password changed: %s", name)
        await self._show(done=True)

    def _end_other_sessions(self) -> None:
        """Sign every other browser out: whoever knew the old password is out with it."""
        user = self.current_user
        user.orm_user.cookie_id = new_token()
        mine = self.get_session_cookie()
        # A token without a session belongs to a running JupyterLab, which is this person's.
        for token in list(user.orm_user.api_tokens):
            if token.session_id and token.session_id != mine:
                self.db.delete(token)
        self.set_hub_cookie(user)

    async def _show(self, **values: Any) -> None:
        self.finish(await self.render_template(
            "change-password.html", password_least=PASSWORD_LEAST,
            **{"error": None, "done": False, **values}))
