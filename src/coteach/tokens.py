"""Signed, expiring claims that one service mints and another believes.

A token is JSON signed with a secret of the deployment (itsdangerous, HMAC-SHA-256). It says one
thing for one purpose: a token minted for a live room opens no class page. Tokens are not encrypted.
"""

from __future__ import annotations

import time
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from coteach.errors import Forbidden
from coteach.i18n import gettext as _


class TokenSigner:
    """Mint and check tokens of one purpose.

    Parameters
    ----------
    secret
        The deployment's secret, from `settings.Secrets`.
    purpose
        What these tokens open, for example ``"live"``; the signature covers it.
    """

    def __init__(self, secret: bytes, purpose: str) -> None:
        import hashlib

        self._serializer = URLSafeSerializer(
            secret, salt=f"coteach.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def mint(self, claims: dict[str, Any], *, lifetime: float) -> str:
        """Return a token with these claims that is good for `lifetime` seconds."""
        return str(self._serializer.dumps({**claims, "exp": int(time.time() + lifetime)}))

    def read(self, token: str) -> dict[str, Any]:
        """Return the claims.

        Raises
        ------
        Forbidden
            The token is forged, of another purpose, or expired.
        """
        try:
            claims = self._serializer.loads(token)
        except BadSignature:
            raise Forbidden(_("This pass is not valid."), code="bad-token") from None
        if not isinstance(claims, dict) or float(claims.get("exp", 0)) < time.time():
            raise Forbidden(
                _("This pass has expired."), hint=_("Load the page again."), code="expired-token"
            )
        return claims
