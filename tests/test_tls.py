"""Certificates of a school's own authority."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from coteach.errors import UserError
from coteach.supervisor import tls


@pytest.fixture
def made(settings):
    return tls.self_signed(settings.layout, ("school.example", "10.1.2.3"))


def handshake(cert, key, authority, name: str) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(cert, key)
    client = ssl.create_default_context(cafile=str(authority))
    one, two = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(one, server_side=True).close()
        except (ssl.SSLError, OSError):
            one.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(two, server_hostname=name).close()
    finally:
        two.close()
        thread.join()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "school.example", "10.1.2.3"])
def test_who_trusts_the_authority_is_connected_without_a_warning(made, name):
    handshake(*made, name)


def test_another_name_is_refused(made):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(*made, "evil.example")


def test_the_authority_stays_so_that_laptops_trust_it_once(settings, made):
    before = made[2].read_bytes()
    made[0].unlink()
    again = tls.self_signed(settings.layout)
    assert again[2].read_bytes() == before
    handshake(*again, "localhost")


def test_a_certificate_that_fits_is_kept_and_one_that_runs_out_is_renewed(settings, made,
                                                                        monkeypatch):
    first = made[0].read_bytes()
    assert tls.self_signed(settings.layout)[0].read_bytes() == first

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=380)

    monkeypatch.setattr(tls, "datetime", Later)
    renewed = tls.self_signed(settings.layout)[0].read_bytes()
    assert renewed != first
    assert x509.load_pem_x509_certificate(renewed).not_valid_after_utc > (
        datetime.now(UTC) + timedelta(days=700))


def test_keys_are_readable_by_the_owner_only(settings, made):
    for name in ("coteach.key", "school-authority.key"):
        assert (settings.layout.tls / name).stat().st_mode & 0o077 == 0


def test_the_authority_may_sign_pages_and_nothing_below_it(made):
    authority = x509.load_pem_x509_certificate(made[2].read_bytes())
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert basic.value.path_length == 0


def test_a_key_that_belongs_to_another_certificate_is_refused(settings, made, tmp_path):
    with pytest.raises(UserError, match="do not belong together"):
        tls.check_pair(str(made[0]), str(settings.layout.tls / "school-authority.key"))
    with pytest.raises(UserError, match="can't be read"):
        tls.check_pair(str(tmp_path / "no.crt"), str(made[1]))
    tls.check_pair(str(made[0]), str(made[1]))
