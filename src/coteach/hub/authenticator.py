"""Accounts of the deployment: NativeAuthenticator's table, our own doors.

Rule: there is no open sign-up. An account is made by an invitation link, used up in the same step,
or by the demo file of a demo deployment. What NativeAuthenticator would also serve (open sign-up,
approval by an administrator, setting other people's passwords) is not routed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from typing import Any

from nativeauthenticator import NativeAuthenticator
from nativeauthenticator.orm import UserInfo
from sqlalchemy.exc import IntegrityError
from tornado import web
from traitlets import Any as AnyTrait

from coteach.errors import Conflict, UserError
from coteach.hub.accounts import check_password, check_username, fits, hashed
from coteach.hub.signin import ChangePasswordPage, SignInPage, SignUpPage
from coteach.hub.throttle import Throttle
from coteach.i18n import gettext as _
from coteach.i18n import ngettext
from coteach.settings import Settings
from coteach.store import people
from coteach.store.database import Database
from coteach.store.schema import Person


class InvitationAuthenticator(NativeAuthenticator):
    """Sign-in by name and password; sign-up by invitation only."""

    settings = AnyTrait(help="The deployment's settings.").tag(config=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enable_signup = False
        self.open_signup = False
        self.throttle = Throttle()
        self.store = Database.of(self._settings)
        self._make_demo_accounts()

    @property
    def _settings(self) -> Settings:
        if not isinstance(self.settings, Settings):
            raise TypeError("InvitationAuthenticator.settings must be set by configure")
        return self.settings

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:
        """Return the pages people sign in and up with."""
        return [("/login", SignInPage), ("/signup", SignUpPage),
                ("/change-password", ChangePasswordPage)]

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any] | None:
        """Check name and password; slow down whoever guesses."""
        name = self.normalize_username(data.get("username", ""))
        address = handler.request.remote_ip if handler else ""
        if (wait := math.ceil(self.throttle.wait(name, address))) > 0:
            raise web.HTTPError(429, ngettext(
                "Too many tries. Wait {n} second and try again.",
                "Too many tries. Wait {n} seconds and try again.", wait).format(n=wait))
        known = self.get_user(name)
        stored = known.password if known is not None and known.is_authorized else None
        if not await asyncio.to_thread(fits, data.get("password", ""), stored):
            self.throttle.failed(name, address)
            return None
        self.throttle.succeeded(name, address)
        return {"name": name, "user_info": await asyncio.to_thread(self._described, name)}

    def _described(self, name: str) -> dict[str, str] | None:
        # Shown to colleagues in a shared notebook instead of the name to sign in with.
        with self.store.reading() as session:
            person = people.by_username(session, name)
            if person is None:
                return None
            initials = "".join(word[0] for word in person.display_name.split()[:2]).upper()
            return {"name": person.display_name, "display_name": person.display_name,
                    "initials": initials}

    async def sign_up(self, token: str, *, username: str, display_name: str, password: str,
                      language: str, time_zone: str = "") -> Person:
        """Make an account with an invitation and use the invitation up.

        `time_zone` is her device's; it counts where no school has one.

        Raises
        ------
        UserError
            The invitation is not good any more, or the name or password can't be used.
        """
        name = check_username(username)
        check_password(password, name)
        if not display_name.strip():
            raise UserError(_("Please give the name your colleagues know you by."),
                            code="no-display-name")
        secret = await asyncio.to_thread(hashed, password)
        self._add_account(name, secret)
        try:
            return await asyncio.to_thread(self._redeem, token, name, display_name.strip()[:120],
                                           language, time_zone)
        except BaseException:
            # The invitation was not used up, so there must be no account either.
            self._remove_account(name)
            raise

    def _redeem(self, token: str, name: str, display_name: str, language: str,
                time_zone: str) -> Person:
        try:
            with self.store.session() as session:
                return people.redeem(session, token, username=name, display_name=display_name,
                                     language=language, time_zone=time_zone)
        except IntegrityError:
            raise _name_taken(name) from None

    def _add_account(self, name: str, secret: bytes) -> None:
        account = self.get_user(name)
        if account is not None:
            if self._has_owner(name):
                raise _name_taken(name)
            # Left by a crash between the two databases: nobody ever signed in with it.
            account.password = secret
        else:
            self.db.add(UserInfo(username=name, password=secret, is_authorized=True))
        self.db.commit()

    def _has_owner(self, name: str) -> bool:
        from jupyterhub import orm

        with self.store.reading() as session:
            if people.by_username(session, name) is not None:
                return True
        return orm.User.find(self.db, name) is not None

    def _remove_account(self, name: str) -> None:
        account = self.get_user(name)
        if account is not None and not self._has_owner(name):
            self.db.delete(account)
            self.db.commit()

    def _make_demo_accounts(self) -> None:
        file = self._settings.layout.demo_file
        if not file.exists():
            return
        text = file.read_bytes()
        done = self._settings.layout.hub / "demo-accounts"
        digest = hashlib.sha256(text).hexdigest()
        if done.exists() and done.read_text() == digest:
            return
        for name, password in json.loads(text)["logins"].items():
            account = self.get_user(name)
            if account is None:
                self.db.add(UserInfo(username=self.normalize_username(name),
                                     password=hashed(password), is_authorized=True))
            elif not fits(password, account.password):
                account.password = hashed(password)
        self.db.commit()
        done.write_text(digest)


def _name_taken(name: str) -> Conflict:
    return Conflict(_("The name {name} is taken.").format(name=name),
                    hint=_("Choose another one to sign in with."), code="name-taken")
