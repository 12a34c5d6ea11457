"""The project's own certificate authority: EC P-256, one level, for terminals and the broker they connect to.

Terminals carry their certificate as DER in NVS blobs: some 390 bytes, and 121 of key. A terminal's clock may be years
behind when it first starts, so certificates begin long before they are issued.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provisioning.errors import IdentityError
from provisioning.identity import Credentials
from provisioning.private_files import write_private

_BEGIN = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
_AUTHORITY_YEARS = 30
_TERMINAL_YEARS = 15
_ORGANISATION = "CheYou"


class Authority:
    """The authority in a folder: `ca.crt` to hand out, `ca.key` to keep."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def create(cls, folder: Path) -> Authority:
        """Make a new authority; `IdentityError` when there is one: terminals that trust it would be cut off."""
        if (folder / "ca.key").exists():
            raise IdentityError(f"there is a certificate authority in {folder}", "go on using it, or move its folder away first")
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("CheYou terminals")
        certificate = (
            _builder(name, name, key.public_key(), _AUTHORITY_YEARS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        write_private(
            folder / "ca.key",
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        )
        write_private(folder / "ca.crt", certificate.public_bytes(serialization.Encoding.PEM))
        return cls(certificate, key)

    @classmethod
    def load(cls, folder: Path) -> Authority:
        """The authority in `folder`; `IdentityError` when there is none, or it is damaged."""
        try:
            key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
            certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        except FileNotFoundError:
            raise IdentityError(
                f"there is no certificate authority in {folder}",
                "make one once with `cheyou provision --new-authority`, or copy the one you have there",
            ) from None
        except (ValueError, TypeError, OSError) as error:
            raise IdentityError(f"the certificate authority in {folder} cannot be read ({error})", "restore it") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
            raise IdentityError(f"ca.crt and ca.key in {folder} do not belong together", "restore both from the same backup")
        return cls(certificate, key)

    def credentials(self, terminal_id: str) -> Credentials:
        """A new key pair and certificate for a terminal: client authentication only, named for its id."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_name(terminal_id), self._certificate.subject, key.public_key(), _TERMINAL_YEARS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Credentials(
            certificate.public_bytes(serialization.Encoding.DER),
            key.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            ),
            self.certificate,
        )

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, DER."""
        return self._certificate.public_bytes(serialization.Encoding.DER)

    def issued(self, certificate: bytes) -> str | None:
        """The terminal id in a certificate of ours (DER); None when it is not of this authority."""
        try:
            parsed = x509.load_der_x509_certificate(certificate)
            parsed.verify_directly_issued_by(self._certificate)
        except (ValueError, TypeError, InvalidSignature):
            return None
        return str(parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, years: int) -> x509.CertificateBuilder:
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=365 * years)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(_BEGIN).not_valid_after(end)


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
