"""A certificate authority and a creditor in Python (docs/certificates.md): certificates, grants, lists of revoked certificates.
Revocation commands are signed by openssl."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import psd_crypto as crypto
from psd_layout import OIDS, PURPOSES, pack
from psd_site import integer, name, now, usage
from psd_wire import tlv

YEAR = 365


def full_name(common, organization=None):
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def der(certificate):
    return certificate.public_bytes(Encoding.DER)


def pem(*certificates):
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def secret_pem(pair):
    return pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def own(name_of, content):
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(OIDS[name_of]), tlv(0x30, content))


def generalized(when):
    return tlv(0x18, when.strftime("%Y%m%d%H%M%SZ").encode())


class Certifier:
    """`pair` is the CA's key; its name is that of psd_site.Authority, which certifies PSDs with the same key."""

    def __init__(self, pair):
        self.pair, self.root_pair, self.creditor_pair, self.number = pair, crypto.new_pair(), crypto.new_pair(), 100
        self.root_name, self.ca_name, self.creditor_name = name("Root"), name("CA"), name("Creditor")
        signs = (usage(key_cert_sign=True, crl_sign=True), True)
        self.root = self.sign(self.root_pair, self.root_name, self.root_name, self.root_pair.public_key(), 1,
                               ((x509.BasicConstraints(True, None), True), signs))
        self.ca = self.sign(self.root_pair, self.root_name, self.ca_name, pair.public_key(), 2,
                             ((x509.BasicConstraints(True, 1), True), signs))
        self.creditor = self.sign(self.root_pair, self.root_name, self.creditor_name, self.creditor_pair.public_key(), 3,
                                   ((x509.BasicConstraints(True, 0), True), signs))

    @staticmethod
    def sign(pair, issuer, subject, public, number, extensions, begins=-1, ends=YEAR, claims=None):
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).serial_number(number)
                   .public_key(public).not_valid_before(now() + datetime.timedelta(days=begins))
                   .not_valid_after(now() + datetime.timedelta(days=ends)))
        keys = ((x509.SubjectKeyIdentifier.from_public_key(public), False),
                (x509.AuthorityKeyIdentifier.from_issuer_public_key((claims or pair).public_key()), False))
        for extension, critical in (*extensions, *keys[:1 if issuer == subject else 2]):
            builder = builder.add_extension(extension, critical)
        return builder.sign(pair, hashes.SHA256())

    def certify(self, public, common, purpose, device, organization=None, **more):
        """A certificate for the key of a slot."""
        self.number += 1
        policy = own("METERING_POLICY", tlv(4, device) + integer(50000) + integer(7) + integer(PURPOSES[purpose]))
        if purpose == "AGENT":
            constraints = x509.NameConstraints([x509.DirectoryName(x509.Name(
                [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)]))], None)
            extensions = ((x509.BasicConstraints(True, 0), True), (usage(key_cert_sign=True, crl_sign=True), True),
                          (constraints, True))
        else:
            stamps = purpose == "POSTMARK"
            kinds = [ExtendedKeyUsageOID.TIME_STAMPING] if stamps else [ExtendedKeyUsageOID.EMAIL_PROTECTION,
                                                                        ExtendedKeyUsageOID.CLIENT_AUTH]
            extensions = ((usage(digital_signature=True, content_commitment=True), True),
                          (x509.ExtendedKeyUsage(kinds), stamps))
        return self.sign(self.pair, self.ca_name, full_name(common, organization), public, self.number,
                          (*extensions, (policy, False)), **more)

    def line_of_credit(self, holder, device, amount, pair=None):
        """For the key and name of a user's certificate; by another's key that claims to be the creditor's, if one is given."""
        self.number += 1
        line = own("CREDIT_LINE", integer(amount) + tlv(4, device) + integer(holder.serial_number) + tlv(12, b"supplies"))
        return self.sign(pair or self.creditor_pair, self.creditor_name, holder.subject, holder.public_key(), self.number,
                          ((usage(digital_signature=True), True),
                           (x509.ExtendedKeyUsage([x509.ObjectIdentifier(OIDS["PAYMENTS"])]), False), (line, False)),
                          claims=self.creditor_pair)

    def revoked(self, *certificates):
        """The list of them, DER."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.ca_name).last_update(now()) \
            .next_update(now() + datetime.timedelta(days=1))
        for certificate in certificates:
            builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(
                certificate.serial_number).revocation_date(now()).build())
        return builder.sign(self.pair, hashes.SHA256())


def communications_key(k3, direction, device):
    """The certificate communications key (256)."""
    return crypto.expand(k3, b"psd certificate " + direction + device, 32)


def grant(k3, head, certificate, device):
    """What the authority grants to a request with this head (518)."""
    text = pack("certificate_grant", {**{field: head[field] for field in ("vendor", "model", "serial", "slot")},
                                      "request": head["number"], "time": int(now().timestamp())}) + der(certificate)
    return text + crypto.hmac256(communications_key(k3, b"grant", device), text)


def revocation_command(device, number, certificate, reason, charge, request=None):
    """RevocationCommand, to be signed."""
    text = (integer(1) + tlv(4, device) + integer(certificate) + tlv(10, bytes([reason])) + generalized(now())
            + integer(number) + tlv(1, b"\xff" if charge else b"\0"))
    return tlv(0x30, text + (tlv(4, crypto.hash256(request)) if request else b""))
