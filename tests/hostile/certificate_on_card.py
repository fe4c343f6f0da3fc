#!/usr/bin/python3
"""A real certificate meter whose Host is hostile: keys that are not paid for, revoked or over, price tables of yesterday, clocks
that go back, agents that would like to be somebody else. Nothing is signed, and nothing that is refused is charged."""

import itertools
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes

import psd_crypto as crypto
from hostile import flip
from psd_certifier import Certifier, der, grant, revocation_command
from psd_evidence import Rates
from psd_funds import ABSENT, DONE, NOT_AUTHENTIC, NOT_NOW, WRONG_DATA
from psd_holder import PRICES, Holder, prices
from psd_layout import ALGORITHMS, OIDS, PURPOSES, pack, size_of, unpack
from psd_made import WithCard, unittest
from psd_site import date_of, integer
from psd_wire import tlv

DAY = 86400
ACTIVE = 3
USER, STAMPS, AGENT = 1, 2, 3  # slots
CLOCK, STATE = 0xDF27, 0xDF46
DIGEST = crypto.hash256(b"a message")


class CertificateMeter(WithCard):
    def holder(self, money=200000):
        made = self.made(rates=False)
        card = Holder(made, Certifier(self.shop.kms.pair))
        if money:
            card.refill(money)
        return card

    def wish(self, layout, /, **more):
        return pack(layout, {"call": os.urandom(8), **more})

    def uses(self, slot):
        """Every use of a slot's key: command, P1, P2, data."""
        payee, receiver = b"Shop", der(Certifier(crypto.new_pair()).ca)
        return (("SIGN_MESSAGE", slot, 1, self.wish("sign_wish", digest=1) + DIGEST),
                ("POSTMARK", slot, 1, self.wish("postmark_wish", digest=1, nonce=0) + DIGEST),
                ("ISSUE_CERTIFICATE", slot, 0, self.wish("agent_wish", algorithm=1, days=1, usage=1, name=1) + b"N" + receiver),
                ("PAY", slot, 0, self.wish("payment_wish", amount=1, expiry=0, payee=len(payee)) + payee))

    def useless(self, card, slot, *more):
        """No command makes anything with this key, and none is charged."""
        before, counts = card.registers(), card.made.printer.object(STATE)
        for use in (*self.uses(slot), *more):
            status, answer = card.ask(*use)
            self.assertIn(status, (NOT_NOW, ABSENT), use[0])
            self.assertEqual(answer, b"")
        self.assertEqual((card.registers(), card.made.printer.object(STATE)), (before, counts))

    def asks_for_end(self, slot):
        return "REQUEST_REVOCATION", slot, 0, os.urandom(8)

    def clock(self, card, ahead):
        """The provider sets it: the status."""
        now = unpack("clock", card.made.printer.object(CLOCK))["now"]
        card.made.at.sign_on()
        status = card.made.at.order("SET_CLOCK", pack("clock", {"now": now + ahead, "set": 1}))
        card.made.begin()
        return status


class Unpaid(CertificateMeter):
    """516, 520: a key whose certificate was withheld, forged, or not paid for."""

    def asked(self, card, slot=USER, purpose="USER"):
        head, pkcs10 = card.request(slot, purpose, "Ada", "Acme" if purpose == "AGENT" else "")
        return head, x509.load_der_x509_csr(pkcs10).public_key()

    def install(self, card, slot, data):
        return card.ask("INSTALL_CERTIFICATE", slot, 0, data)[0]

    def test_withheld(self):
        card = self.holder()
        for slot, purpose in ((USER, "USER"), (STAMPS, "POSTMARK"), (AGENT, "AGENT")):
            self.asked(card, slot, purpose)
            self.useless(card, slot, self.asks_for_end(slot))

    def test_forged(self):
        card, other = self.holder(), self.holder(0)
        head, public = self.asked(card)
        certificate = card.certifier.certify(public, "Ada", "USER", card.device)
        good = grant(card.k3, head, certificate, card.device)
        before = card.registers()
        for bit in range(0, 8 * len(good), 37):
            self.assertEqual(self.install(card, USER, flip(good, bit)), NOT_AUTHENTIC)
        for length in (54, len(good) - 1, len(good) - 32):
            self.assertEqual(self.install(card, USER, good[:length]), NOT_AUTHENTIC)
        text = good[:-32]
        for forged in (grant(other.k3, head, certificate, other.device), grant(card.k3, head, certificate, other.device),
                       text + crypto.hmac256(card.k3, text), text + bytes(32), text + crypto.hash256(text)):
            self.assertEqual(self.install(card, USER, forged), NOT_AUTHENTIC)
        self.assertEqual(self.install(card, USER, bytes(1400)), NOT_AUTHENTIC)
        self.assertEqual(card.registers(), before)
        self.useless(card, USER)
        self.assertEqual(self.install(card, USER, good), DONE)
        card.sign(USER, b"now it is paid for")

    def test_of_something_else(self):
        """Authentic, and for another card, slot, request or key, by another authority, of another purpose, not today."""
        card = self.holder()
        head, public = self.asked(card)
        certify, before = card.certifier.certify, card.registers()
        good = certify(public, "Ada", "USER", card.device)
        stranger = Certifier(crypto.new_pair())
        made = [good] * 3 + [certify(crypto.new_pair().public_key(), "Ada", "USER", card.device),
                             stranger.certify(public, "Ada", "USER", card.device),
                             certify(public, "Ada", "POSTMARK", card.device),
                             certify(public, "Ada", "AGENT", card.device, "Acme"),
                             certify(public, "Ada", "USER", card.device, begins=1),
                             certify(public, "Ada", "USER", card.device, begins=-2, ends=-1)]
        heads = [{"number": head["number"] + 1}, {"slot": STAMPS}, {"serial": head["serial"] + 1}] + [{}] * 6
        for certificate, other in zip(made, heads):
            data = grant(card.k3, {**head, **other}, certificate, card.device)
            self.assertEqual(self.install(card, USER, data), WRONG_DATA, (certificate, other))
        self.assertEqual(self.install(card, STAMPS, grant(card.k3, {**head, "slot": STAMPS}, good, card.device)), ABSENT)
        for hostile in self.bombs(der(good)):
            text = grant(card.k3, head, good, card.device)[:size_of("certificate_grant")] + hostile
            key = crypto.expand(card.k3, b"psd certificate grant" + card.device, 32)
            self.assertEqual(self.install(card, USER, text + crypto.hmac256(key, text)), WRONG_DATA)
        self.assertEqual(card.registers(), before)
        self.useless(card, USER)

    @staticmethod
    def bombs(certificate):
        """DER that lies: nested without end, lengths of everything and nothing."""
        yield b"\x30\x80" * 600
        yield b"\x30\x82\x04\x00" * 300
        yield b"\x30\x84\xff\xff\xff\xff" + bytes(200)
        yield b"\x30\x88" + b"\xff" * 8 + bytes(200)
        yield b"\x30\xff" + b"\xff" * 200
        yield certificate + b"\0"
        yield certificate[:-1]
        for at in range(0, len(certificate), 29):
            yield certificate[:at] + b"\xff" + certificate[at + 1:] if certificate[at] != 0xff else b"\x30\0"

    def test_without_money(self):
        """504 and 506, and no activation on credit."""
        card = self.holder(0)
        before = card.slots()
        status, _ = card.ask("REQUEST_CERTIFICATE", USER, 0, self.wish(
            "certificate_wish", purpose=PURPOSES["USER"], algorithm=ALGORITHMS["P256"], organization=0, name=3) + b"Ada")
        self.assertEqual((status, card.slots()), (NOT_NOW, before))
        card.refill(PRICES["certificate"] + PRICES["activation"] + PRICES["signing"] + 4000)
        head, public = self.asked(card)
        other, _ = self.asked(card, STAMPS, "POSTMARK")
        while card.registers()["descending"] >= PRICES["activation"]:
            before = card.registers()["descending"]
            status, _ = card.ask("REQUEST_CERTIFICATE", USER, 1, self.wish(
                "certificate_wish", purpose=PURPOSES["USER"], algorithm=1, organization=0, name=3) + b"Ada")
            if status != DONE:
                break
        left = card.registers()["descending"]
        self.assertLess(left, PRICES["certificate"] + PRICES["activation"])
        slot = card.slots()[USER]
        data = grant(card.k3, {**head, "number": slot["request"]}, card.certifier.certify(public, "Ada", "USER", card.device),
                     card.device)
        self.assertEqual(self.install(card, USER, data), DONE if left >= PRICES["activation"] else NOT_NOW)
        self.assertEqual(other["slot"], STAMPS)


class Over(CertificateMeter):
    def test_revoked(self):
        """616: nothing is made with the key, whoever asks, and it does not come back."""
        card = self.holder()
        for slot, purpose, organization in ((USER, "USER", ""), (STAMPS, "POSTMARK", ""), (AGENT, "AGENT", "Acme")):
            card.obtain(slot, purpose, "Ada", organization)
        head = {field: card.made.device[field] for field in ("vendor", "model", "serial")}
        old = grant(card.k3, {**head, "slot": USER, "number": 1}, card.certificates[USER], card.device)
        for number, slot in enumerate((USER, STAMPS, AGENT), 1):
            card.done("REVOKE_CERTIFICATE", 0, 0, self.command(card, number, card.certificates[slot].serial_number))
            self.useless(card, slot, self.asks_for_end(slot))
        self.assertIn(card.ask("INSTALL_CERTIFICATE", USER, 0, old)[0], (WRONG_DATA, NOT_NOW))
        status, _ = card.ask("REQUEST_CERTIFICATE", USER, 1, self.wish(
            "certificate_wish", purpose=PURPOSES["USER"], algorithm=1, organization=0, name=3) + b"Ada")
        self.assertEqual(status, NOT_NOW)
        card.made.at.reset()
        card.made.begin()
        for slot in (USER, STAMPS, AGENT):
            self.useless(card, slot)

    def command(self, card, number, certificate, pair=None):
        """608, signed without attributes (RFC 5652, 5.4)."""
        content = revocation_command(card.device, number, certificate, 1, True)
        return signed(card.certifier, content, pair or card.certifier.pair)

    def test_forged_commands(self):
        card = self.holder()
        certificate = card.obtain(USER, "USER", "Ada") and card.certificates[USER]
        good = self.command(card, 1, certificate.serial_number)
        before = card.registers()
        issuer = certifier_name(card.certifier)  # of a certificate that the card does not have
        named = range(8 * good.index(issuer), 8 * (good.index(issuer) + len(issuer)))
        for bit in set(range(0, 8 * len(good), 23)) - set(named):
            self.assertIn(card.ask("REVOKE_CERTIFICATE", 0, 0, flip(good, bit))[0], (NOT_AUTHENTIC, WRONG_DATA, NOT_NOW), bit)
            self.assertEqual(card.slots()[USER]["state"], ACTIVE, bit)
        for data in (self.command(card, 1, certificate.serial_number, crypto.new_pair()), self.command(card, 1, 77),
                     *itertools.islice(Unpaid.bombs(good), 7)):
            self.assertIn(card.ask("REVOKE_CERTIFICATE", 0, 0, data[:2048])[0], (NOT_AUTHENTIC, WRONG_DATA))
        self.assertEqual((card.registers(), card.slots()[USER]["state"]), (before, ACTIVE))
        card.done("REVOKE_CERTIFICATE", 0, 0, good)

    def test_expired_and_the_clock(self):
        card = self.holder()
        for slot, purpose in ((USER, "USER"), (STAMPS, "POSTMARK")):
            head, pkcs10 = card.request(slot, purpose, "Ada")
            public = x509.load_der_x509_csr(pkcs10).public_key()
            card.install(slot, head, card.certifier.certify(public, "Ada", purpose, card.device, ends=2))
        card.sign(USER, b"while it holds")
        self.assertEqual(self.clock(card, -3600), WRONG_DATA)
        self.assertEqual(self.clock(card, 3 * DAY), DONE)
        for slot in (USER, STAMPS):
            self.useless(card, slot)
        self.assertEqual(self.clock(card, -3 * DAY), WRONG_DATA)
        card.made.at.reset()
        card.made.begin()
        for slot in (USER, STAMPS):
            self.useless(card, slot)
        card.done(*self.asks_for_end(USER))  # its end may still be asked for


class Prices(CertificateMeter):
    def test_downgraded(self):
        """The table of yesterday, which was cheaper, is refused; the price stays."""
        card = self.holder()
        card.obtain(USER, "USER", "Ada")
        pair = self.shop.kms.pair
        cheap = Rates(1, date_of(-1), date_of(20), [(1, 0, 28, 730)], services={**PRICES, "signing": 1}).signed(pair)
        forged = Rates(9, date_of(-1), date_of(20), [(1, 0, 28, 730)], services={**PRICES, "signing": 0})
        for data, status in ((cheap, NOT_NOW), (forged.signed(crypto.new_pair()), NOT_AUTHENTIC),
                             (prices(2).signed(pair), DONE)):
            self.assertEqual(card.made.printer.ask("LOAD_RATES", 0, data)[0], status)
        before = card.registers()["descending"]
        card.sign(USER, b"at today's price")
        self.assertEqual(card.registers()["descending"], before - PRICES["signing"])

    def test_expired(self):
        """Without a table in force nothing is served, but revocations."""
        card = self.holder()
        card.obtain(USER, "USER", "Ada")
        self.assertEqual(self.clock(card, 22 * DAY), DONE)
        self.useless(card, USER)
        card.done(*self.asks_for_end(USER))


class Agents(CertificateMeter):
    def test_constraints(self):
        """Whatever common name is asked for, the organization is the agent's, and the certificate is no CA's."""
        card = self.holder()
        card.obtain(AGENT, "AGENT", "Desk", "Acme")
        receiver = card.certificates[AGENT]
        for common in ("Acme/O=Other", "x,O=Other", "CN=y+O=Other", "é" * 32):
            issued = x509.load_der_x509_certificate(card.issue(AGENT, receiver, common)[0])
            self.assertEqual([(part.oid.dotted_string, part.value) for part in issued.subject],
                             [("2.5.4.10", "Acme"), ("2.5.4.3", common)])
            self.assertFalse(issued.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
            self.assertLessEqual(issued.not_valid_after, receiver.not_valid_after)
        before = card.registers()
        for name in (b"", b"a\0b", b"a\nO=Other", b"\xff\xfe", b"\xc0\x80", b"x" * 65):
            data = self.wish("agent_wish", algorithm=1, days=1, usage=1, name=len(name)) + name + der(receiver)
            self.assertIn(card.ask("ISSUE_CERTIFICATE", AGENT, 0, data)[0], (WRONG_DATA, 0x6700), name)
        for more in ({"days": 0}, {"days": 3651}, {"usage": 0}, {"usage": 4}, {"algorithm": 0}, {"algorithm": 9},
                     {"name": 255}):
            data = self.wish("agent_wish", **{"algorithm": 1, "days": 1, "usage": 1, "name": 1, **more}) + b"N" + der(receiver)
            self.assertEqual(card.ask("ISSUE_CERTIFICATE", AGENT, 0, data)[0], WRONG_DATA, more)
        for bomb in Unpaid.bombs(der(receiver)):
            data = self.wish("agent_wish", algorithm=1, days=1, usage=1, name=1) + b"N" + bomb
            status, answer = card.ask("ISSUE_CERTIFICATE", AGENT, 0, data[:2048])
            if status == DONE:  # only who receives it is altered: it is for no other key
                self.assertIn(der(receiver)[300:320], bomb)
                before = card.registers()
            else:
                self.assertEqual((status, answer, card.registers()), (WRONG_DATA, b"", before))


def signed(certifier, content, pair):
    """SignedData over a RevocationCommand, without signed attributes."""
    sha256 = tlv(0x30, encoded(OIDS["SHA256"]))
    signature = pair.sign(content, crypto.ec.ECDSA(hashes.SHA256()))
    signer = tlv(0x30, b"\x02\x01\x01" + certifier_name(certifier) + sha256
                 + tlv(0x30, encoded(OIDS["ECDSA_SHA256"])) + tlv(4, signature))
    inner = tlv(0x30, encoded(OIDS["REVOCATION_COMMAND"]) + tlv(0xA0, tlv(4, content)))
    data = tlv(0x30, b"\x02\x01\x03" + tlv(0x31, sha256) + inner + tlv(0x31, signer))
    return tlv(0x30, encoded(OIDS["SIGNED_DATA"]) + tlv(0xA0, data))


def certifier_name(certifier):
    """issuerAndSerialNumber of its CA's certificate."""
    return tlv(0x30, certifier.ca.subject.public_bytes() + integer(certifier.ca.serial_number))


def encoded(dotted):
    """An OBJECT IDENTIFIER (X.690, 8.19)."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    out = b""
    for arc in (40 * first + second, *rest):
        part = bytes([arc & 0x7F])
        while arc > 0x7F:
            arc >>= 7
            part = bytes([0x80 | arc & 0x7F]) + part
        out += part
    return tlv(6, out)


if __name__ == "__main__":
    unittest.main()
