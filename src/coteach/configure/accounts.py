"""How people sign in."""

from __future__ import annotations

from typing import Any

from coteach.hub.accounts import PASSWORD_LEAST, USERNAME
from coteach.settings import Settings


def update_accounts(c: Any, settings: Settings) -> None:
    """Accounts by invitation; there is no administrator in the Hub, roles are the store's."""
    c.JupyterHub.authenticator_class = "coteach.hub.authenticator.InvitationAuthenticator"
    c.InvitationAuthenticator.settings = settings
    c.Authenticator.username_pattern = USERNAME.pattern
    c.NativeAuthenticator.minimum_password_length = PASSWORD_LEAST
    # Everybody with an account may sign in; that there is no open sign-up is the authenticator's
    # own rule and not a setting.
    c.Authenticator.allow_all = True
    c.Authenticator.admin_users = set()
    c.NativeAuthenticator.enable_signup = False
    c.NativeAuthenticator.open_signup = False
