"""A holder of a real card: the commands of docs/certificates.md, sent to a card that psd_made.py made. The authority is one of
Python (psd_certifier.py)."""

import os

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_public_key

import psd_crypto as crypto
from psd_certifier import communications_key, der, grant
from psd_evidence import Rates
from psd_funds import DONE
from psd_layout import ALGORITHMS, COMMANDS, PURPOSES, pack, size_of, take, unpack
from psd_site import date_of
from psd_wire import CardRefused, tlv

PRICES = {"certificate": 1000, "activation": 500, "signing": 100, "postmark": 250, "verification": 10, "agent": 2000,
          "revocation": 500, "payment": 100}
DIGESTS = {"sha256": 1, "sha384": 2, "sha512": 3}
SIGNS, ENCIPHERS = 1, 2
WITH_CERTIFICATE = 1
PUBLIC_KEY = 1
SLOTS = 0xDF47


def prices(version=2):
    return Rates(version, date_of(-1), date_of(20), [(1, 0, 28, 730)], services=PRICES)


class Holder:
    """`made` is the card, `certifier` its authority; `certificates` has those of its slots."""

    def __init__(self, made, certifier):
        self.made, self.certifier, self.certificates = made, certifier, {}
        self.device, self.k3 = made.bytes, made.shop.kms.k4[made.device["serial"]]
        made.load(prices())

    def ask(self, command, p1=0, p2=0, data=b""):
        """Status word and answer."""
        try:
            return DONE, self.made.at.card.command(COMMANDS[command], p1, p2, data, 0x80)
        except CardRefused as refused:
            return refused.status, b""

    def done(self, command, p1=0, p2=0, data=b""):
        status, answer = self.ask(command, p1, p2, data)
        if status != DONE:
            raise AssertionError(f"{command}: {status:04X}")
        return answer

    def refill(self, amount):
        """Money for the certificate registers."""
        self.made.at.sign_on()
        self.made.at.load(amount, 1)
        self.made.begin()

    def request(self, slot, purpose, common, organization="", algorithm="P256", kept=0):
        """Figure 5, 502 to 512: the head, and the PKCS#10 that was sealed."""
        names = [text.encode() for text in (organization, common)]
        sealed = self.done("REQUEST_CERTIFICATE", slot, kept, pack("certificate_wish", {
            "call": os.urandom(8), "purpose": PURPOSES[purpose], "algorithm": ALGORITHMS[algorithm],
            "organization": len(names[0]), "name": len(names[1])}) + b"".join(names))
        head, text = take("certificate_request", sealed)
        key = communications_key(self.k3, b"request", self.device)
        return head, crypto.unseal(key, head["nonce"], sealed[:size_of("certificate_request")], text)

    def install(self, slot, head, certificate):
        """518 and 520."""
        self.done("INSTALL_CERTIFICATE", slot, 0, grant(self.k3, head, certificate, self.device))
        self.certificates[slot] = certificate

    def obtain(self, slot, purpose, common, organization="", algorithm="P256"):
        """All of figure 5: the PKCS#10."""
        head, pkcs10 = self.request(slot, purpose, common, organization, algorithm)
        public = x509.load_der_x509_csr(pkcs10).public_key()
        self.install(slot, head, self.certifier.certify(public, common, purpose, self.device, organization or None))
        return pkcs10

    def sign(self, slot, message, p2=WITH_CERTIFICATE):
        return self.done("SIGN_MESSAGE", slot, p2, pack("sign_wish", {"call": os.urandom(8), "digest": 1})
                         + crypto.hash256(message))

    def postmark(self, slot, digest, algorithm="sha256", nonce=b"", p2=WITH_CERTIFICATE):
        wish = {"call": os.urandom(8), "digest": DIGESTS[algorithm], "nonce": len(nonce)}
        return self.done("POSTMARK", slot, p2, pack("postmark_wish", wish) + digest + nonce)

    def issue(self, slot, receiver, common="New User", days=30, use=SIGNS | ENCIPHERS, algorithm="P256"):
        """Figure 3A: the certificate, and its private key on the way to the receiver."""
        text = common.encode()
        wish = {"call": os.urandom(8), "algorithm": ALGORITHMS[algorithm], "days": days, "usage": use, "name": len(text)}
        issued = self.done("ISSUE_CERTIFICATE", slot, 0, pack("agent_wish", wish) + text + der(receiver))
        return issued, self.done("GET_LAST", 3)

    def pay(self, slot, amount, payee="Paper Shop"):
        """Figure 9."""
        text = payee.encode()
        return self.done("PAY", slot, 0, pack("payment_wish", {"call": os.urandom(8), "amount": amount, "expiry": 0,
                                                              "payee": len(text)}) + text)

    def accept(self, slot, line):
        """810 and 812: the first payment certificate."""
        return self.done("ACCEPT_CREDIT", slot, 0, os.urandom(8) + der(line))

    def request_revocation(self, slot, reason):
        """602"""
        return self.done("REQUEST_REVOCATION", slot, reason, os.urandom(8))

    def public_key(self, slot):
        return load_der_public_key(self.done("READ_CERTIFICATE", slot, PUBLIC_KEY))

    def slots(self):
        """By number: where each stands."""
        rest, found = self.made.printer.object(SLOTS), {}
        while rest:
            said, rest = take("slot", rest)
            found[said["slot"]] = said
        return found

    def registers(self):
        return unpack("registers", self.made.printer.object(0xDF24))


def response(token):
    """A TimeStampResp (RFC 3161, 2.4.2) that grants a token."""
    return tlv(0x30, tlv(0x30, b"\x02\x01\x00") + token)
