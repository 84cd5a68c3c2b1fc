"""The server's certificate for media, shared by all connections.

Peers know it by its fingerprint, which the answer to their offer tells them; nobody signs it. One
certificate and one OpenSSL context serve everybody, so that a join costs no key and leaves nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aiortc.rtcdtlstransport import RTCCertificate
from OpenSSL import SSL

RENEW_BEFORE = timedelta(days=7)


class Certificate(RTCCertificate):
    """A certificate that keeps its OpenSSL context."""

    _context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: Any) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
        return self._context


_shared: Certificate | None = None


def shared() -> Certificate:
    """Return the certificate of this process; a new one some days before it expires."""
    global _shared
    if _shared is None or _shared.expires - datetime.now(UTC) < RENEW_BEFORE:
        _shared = Certificate.generateCertificate()
    return _shared
