"""https for a school's own network: a certificate authority and a certificate made here.

Browsers give a page camera and microphone only over https (or on the machine itself). A school
without a domain name makes its own authority once; the other laptops are told to trust it, and from
then on every certificate of this deployment is good for them.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.settings import Layout

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 397
"""Longer-lived ones are refused by some browsers."""
RENEW_DAYS = 30


def own_addresses() -> list[str]:
    """Return the IPv4 addresses that this machine's neighbours may reach it by."""
    found: list[str] = []
    # No packet is sent: connecting a UDP socket only asks which address would be used.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            found.append(probe.getsockname()[0])
        except OSError:
            pass
    try:
        for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET):
            found.append(str(info[4][0]))
    except OSError:
        pass
    return [a for a in dict.fromkeys(found) if not a.startswith("127.")]


def own_names() -> list[str]:
    """Return the names this machine is reached by in a school's network."""
    host = socket.gethostname().split(".")[0].lower()
    return ["localhost", *([host, f"{host}.local"] if host and host != "localhost" else [])]


def _write(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.with_suffix(".new").replace(path)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def _authority(layout: Layout) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    cert_file, key_file = layout.tls / "school-authority.crt", layout.tls / "school-authority.key"
    if cert_file.exists() and key_file.exists():
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate(cert_file.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([
        x509.NameAttribute(NameOID.COMMON_NAME, f"coteach of {socket.gethostname()}"[:64])])
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False),
                       critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256()))
    _write(key_file, _private(key), 0o600)
    _write(cert_file, cert.public_bytes(serialization.Encoding.PEM), 0o644)
    return cert, key


def _still_good(cert_file: Path, key_file: Path, names: list[str], addresses: list[str],
                authority: x509.Certificate) -> bool:
    if not (cert_file.exists() and key_file.exists()):
        return False
    cert = x509.load_pem_x509_certificate(cert_file.read_bytes())
    if cert.not_valid_after_utc < datetime.now(UTC) + timedelta(days=RENEW_DAYS):
        return False
    if cert.issuer != authority.subject:
        return False
    holds = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {*holds.get_values_for_type(x509.DNSName),
             *map(str, holds.get_values_for_type(x509.IPAddress))}
    return known >= {*names, *addresses}


def self_signed(layout: Layout, extra: tuple[str, ...] = ()) -> tuple[Path, Path, Path]:
    """Return certificate, key and the authority's certificate, made or renewed when needed.

    Parameters
    ----------
    extra
        More names or addresses that people type, for example the host of the public address.
    """
    authority, authority_key = _authority(layout)
    names = [*own_names()]
    addresses = ["127.0.0.1", *own_addresses()]
    for host in extra:
        try:
            addresses.append(str(ipaddress.ip_address(host)))
        except ValueError:
            names.append(host)
    cert_file, key_file = layout.tls / "coteach.crt", layout.tls / "coteach.key"
    ca_file = layout.tls / "school-authority.crt"
    if _still_good(cert_file, key_file, names, addresses, authority):
        return cert_file, key_file, ca_file
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    holds = [*map(x509.DNSName, dict.fromkeys(names)),
             *(x509.IPAddress(ipaddress.ip_address(a)) for a in dict.fromkeys(addresses))]
    cert = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[-1][:64])]))
        .issuer_name(authority.subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName(holds), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False)
        .sign(authority_key, hashes.SHA256()))
    _write(key_file, _private(key), 0o600)
    _write(cert_file, cert.public_bytes(serialization.Encoding.PEM), 0o644)
    return cert_file, key_file, ca_file


def check_pair(cert: str, key: str) -> None:
    """Do nothing if certificate and key can be used together.

    Raises
    ------
    UserError
        One is missing, unreadable, or they do not belong together.
    """
    if bool(cert) != bool(key):
        raise UserError(_("A certificate needs its key, and a key its certificate."),
                        hint=_("Give both --tls-cert and --tls-key."), code="bad-tls")
    if not cert:
        return
    for file in (cert, key):
        if not os.access(file, os.R_OK):
            raise UserError(_("The file {file} can't be read.").format(file=file),
                            hint=_("Check its name and that this user may read it."),
                            code="bad-tls")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key)
    except (ssl.SSLError, OSError, ValueError):
        raise UserError(
            _("{cert} and {key} do not belong together.").format(cert=cert, key=key),
            hint=_("Both must be PEM files, made for each other."), code="bad-tls") from None
