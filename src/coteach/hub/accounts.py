"""Rules for names and passwords, said in sentences, and the hashing of passwords."""

from __future__ import annotations

import re

import bcrypt

from coteach.errors import UserError
from coteach.i18n import gettext as _

USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,31}\Z")
PASSWORD_LEAST = 8
PASSWORD_MOST = 72
"""Bytes; bcrypt can't tell longer ones apart."""


def check_username(name: str) -> str:
    """Return the name as it is stored.

    Raises
    ------
    UserError
        It can't be a name.
    """
    name = name.strip().lower()
    if not USERNAME.match(name):
        raise UserError(
            _("A name to sign in with has 2 to 32 letters from a to z, digits, dots or hyphens, "
              "and begins with a letter."), code="bad-username")
    return name


def check_password(password: str, name: str) -> None:
    """Do nothing if this is a password.

    Raises
    ------
    UserError
        It is too short, too long, the name itself, or holds something no keyboard makes.
    """
    if len(password) < PASSWORD_LEAST:
        raise UserError(_("A password has at least {n} characters.").format(n=PASSWORD_LEAST),
                        code="short-password")
    if len(password.encode()) > PASSWORD_MOST:
        raise UserError(_("This password is too long."),
                        hint=_("Use at most {n} letters.").format(n=PASSWORD_MOST),
                        code="long-password")
    if password.lower() == name or len(set(password)) < 3 or "\0" in password:
        raise UserError(_("This password is too easy to guess."),
                        hint=_("Use a few words that only you would put together."),
                        code="weak-password")


def hashed(password: str) -> bytes:
    """Return the bcrypt hash of a password; takes about a quarter of a second on purpose."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())


_NOBODY = b"$2b$12$" + b"." * 53


def fits(password: str, stored: bytes | None) -> bool:
    """Say whether a password is the stored one; takes as long when there is nobody."""
    data = password.encode()
    if len(data) > PASSWORD_MOST or b"\0" in data:
        return False
    try:
        return bcrypt.checkpw(data, stored or _NOBODY) and stored is not None
    except ValueError:
        return False
