#!/usr/bin/python3
"""Certificates and keys that a real card makes for others, revocations, and payments, checked by openssl and certtool."""

import ssl
import unittest

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

import psd_crypto as crypto
from psd_certifier import der, full_name, pem, revocation_command, secret_pem
from psd_checked import AFTER, AGENT, ANY, Checked, IN, MESSAGE, USER
from psd_funds import DONE, NOT_NOW
from psd_holder import SIGNS
from psd_layout import CONFIRMED, OIDS
from psd_site import usage
from psd_tools import children, unsealed, unsigned


class Issued(Checked):
    """By the agent (figure 3A)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.between = cls.tools.put("between.pem", pem(cls.certifier.ca, cls.card.certificates[AGENT]))
        cls.receivers = {"rsa": rsa.generate_private_key(65537, 3072), "p256": crypto.new_pair()}
        cls.known = {}
        for number, (kind, pair) in enumerate(cls.receivers.items()):
            certificate = cls.certifier.sign(pair, full_name(kind), full_name(kind), pair.public_key(), 5000 + number,
                                              ((usage(key_encipherment=True, key_agreement=True), True),))
            cls.known[kind] = certificate, cls.tools.put(kind + ".pem", pem(certificate)), cls.tools.put(
                kind + ".key", secret_pem(pair))

    def verify(self, *more, between=None):
        return ("verify", "-x509_strict", *self.trust, "-untrusted", between or self.between, *more)

    def opened(self, envelope, kind):
        return self.tools.openssl("cms", "-decrypt", *IN, "-recip", self.known[kind][1], "-inkey", self.known[kind][2],
                                  "-binary", given=envelope)

    def test_certificate(self):
        for use in (SIGNS, 3):
            issued, _ = self.card.issue(AGENT, self.known["p256"][0], use=use)
            self.tools.plain(issued)
            file = self.tools.put("issued.der", issued)
            self.tools.takes(*self.verify(file))
            self.tools.takes(*self.verify("-purpose", "smimesign", file))
            for purpose in ("timestampsign", "sslserver", "crlsign"):
                self.tools.refuses(*self.verify("-purpose", purpose, file), why="purpose")
            self.tools.refuses(*self.verify(*AFTER, file), why="expired")
            self.tools.refuses("verify", "-CAfile", self.stranger, file, why="unable to get local issuer")
            chain = self.tools.put("leaf.pem", pem(x509.load_der_x509_certificate(issued), self.card.certificates[AGENT],
                                                   self.certifier.ca, self.certifier.root))
            said = self.tools.certtool("--verify", "--load-ca-certificate", self.root, "--infile", chain)
            self.assertIn("Chain verification output: Verified.", said)
            self.tools.certtool("--verify", "--load-ca-certificate", self.stranger, "--infile", chain, expect=1)

    def test_beyond_its_constraints(self):
        """The same key with a certificate that permits another organization: what it issued is refused then."""
        issued, _ = self.card.issue(AGENT, self.known["p256"][0])
        own = self.card.certificates[AGENT]
        violated = self.certifier.certify(own.public_key(), "Desk", "AGENT", self.card.device, "Another Inc")
        violated = self.certifier.sign(self.certifier.pair, own.issuer, own.subject, own.public_key(), own.serial_number, [
            (of.value, of.critical) for of in violated.extensions
            if not isinstance(of.value, (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier))])
        file = self.tools.put("violating.der", issued)
        between = self.tools.put("violated.pem", pem(self.certifier.ca, violated))
        self.tools.takes("verify", *self.trust, "-untrusted", self.between, file)
        self.tools.refuses("verify", *self.trust, "-untrusted", between, file, why="subtree violation")

    def test_agent_revoked(self):
        own = self.every[AGENT]
        self.tools.takes(*self.verify(*self.with_list(USER), own))
        self.tools.refuses(*self.verify(*self.with_list(AGENT), own), why="revoked")

    def test_altered(self):
        issued, _ = self.card.issue(AGENT, self.known["p256"][0])

        def check(data):
            return self.tools.openssl(*self.verify(), given=ssl.DER_cert_to_PEM_cert(data).encode()).returncode == 0
        self.refused_where_altered(issued, 11, check)

    def test_key(self):
        """To each receiver, by openssl; it is that of the certificate. With another byte it is another or none."""
        for kind, step in (("rsa", 23), ("p256", 13)):
            issued, envelope = self.card.issue(AGENT, self.known[kind][0])
            self.tools.plain(envelope)
            opened = self.opened(envelope, kind)
            self.assertEqual(opened.returncode, 0, opened.stderr)
            self.tools.plain(opened.stdout)
            public = x509.load_der_x509_certificate(issued).public_key()
            self.assertEqual(load_der_private_key(opened.stdout, None).public_key().public_numbers(), public.public_numbers())
            self.assertIn("Public Key ID:", self.tools.certtool("--key-info", "--inder", given=opened.stdout))
            another = "p256" if kind == "rsa" else "rsa"
            self.assertNotEqual(self.opened(envelope, another).stdout, opened.stdout)
            self.refused_where_altered(envelope, step, lambda data: self.opened(data, kind).stdout == opened.stdout,
                                       unsealed(envelope))

    def test_rsa_key(self):
        """One that the card makes is slow: once."""
        issued, envelope = self.card.issue(AGENT, self.known["p256"][0], algorithm="RSA2048")
        opened = self.opened(envelope, "p256")
        public = x509.load_der_x509_certificate(issued).public_key()
        self.assertEqual(load_der_private_key(opened.stdout, None).public_key().public_numbers(), public.public_numbers())
        self.tools.takes(*self.verify(self.tools.put("rsa.der", issued)))


class Revocations(Checked):
    funds = 15000  # they run out soon

    def command(self, *arguments, attributes=True):
        """Signed by openssl with the CA key; with signed attributes, or without."""
        key, file = (self.tools.put(name, data) for name, data in (("ca.key", secret_pem(self.certifier.pair)),
                                                                   ("ca.pem", pem(self.certifier.ca))))
        return self.tools.takes("cms", "-sign", "-binary", "-nodetach", "-nocerts", "-md", "sha256", "-nosmimecap",
                                *(() if attributes else ("-noattr",)), "-econtent_type", OIDS["REVOCATION_COMMAND"], "-signer",
                                file, "-inkey", key, "-outform", "DER", given=revocation_command(*arguments))[0]

    def content(self, signed, step):
        """Verified, and with another byte not."""
        self.tools.plain(signed)
        out, _ = self.tools.takes(*self.cms(*ANY), given=signed)
        self.tools.plain(out)
        if step:
            self.refused_where_altered(signed, step, lambda data: self.tools.openssl(
                *self.cms(*ANY), given=data).returncode == 0, unsigned(signed))
        return out

    def request(self, slot, reason):
        signed = self.card.request_revocation(slot, reason)
        self.same_type(signed, OIDS["REVOCATION_REQUEST"])
        out = self.content(signed, 37)
        fields = children(out)
        self.assertEqual(out[fields[1][2]:fields[1][3]], self.card.device)
        self.assertEqual(int.from_bytes(out[fields[2][2]:fields[2][3]], "big"),
                         self.card.certificates[slot].serial_number)
        self.assertEqual(out[fields[3][2]:fields[3][3]], bytes([reason]))
        self.tools.refuses(*self.cms(*AFTER), given=signed, why="expired")
        self.tools.refuses(*self.cms(*self.with_list(slot)), given=signed, why="revoked")
        return signed

    def revoke(self, number, slot, charge, request=None, attributes=True, step=0):
        """610 to 624: how it was paid for."""
        command = self.command(self.card.device, number, self.card.certificates[slot].serial_number, 4, charge, request,
                               attributes=attributes)
        changed = bytearray(command)
        changed[-1] ^= 1
        self.assertIn(self.card.ask("REVOKE_CERTIFICATE", data=bytes(changed))[0], (0x6300, 0x6A80))
        confirmation = self.card.done("REVOKE_CERTIFICATE", data=command)
        self.same_type(confirmation, OIDS["REVOCATION_CONFIRMATION"])
        out = self.content(confirmation, step)
        fields = children(out)
        self.assertEqual(out[fields[8][2]:fields[8][3]], crypto.hash256(command))
        return out[fields[6][2]], int.from_bytes(out[fields[7][2]:fields[7][3]], "big")

    def test_each_ending(self):
        """Signed by the PSD's own key pair, which a certificate goes along for; no key is left."""
        for slot, common in ((5, "Ben"), (6, "Cleo"), (7, "Dora")):
            self.card.obtain(slot, "USER", common)
        request = self.request(5, 4)
        self.assertEqual(self.revoke(1, 5, True, request, step=37), (CONFIRMED["PAID"], 500))
        self.assertEqual(self.card.ask("SIGN_MESSAGE", 5, 0, bytes(8) + b"\x01" + bytes(32))[0], NOT_NOW)
        self.assertEqual(self.revoke(2, 6, False), (CONFIRMED["FREE"], 0))
        while self.card.registers()["descending"] >= 500:
            self.card.sign(USER, MESSAGE)
        self.assertEqual(self.revoke(3, 7, True, attributes=False), (CONFIRMED["DUE"], 500))
        self.assertEqual(self.card.ask("SIGN_MESSAGE", USER, 0, bytes(8) + b"\x01" + bytes(32))[0], NOT_NOW)
        self.card.refill(100000)
        self.assertEqual(self.card.ask("SIGN_MESSAGE", USER, 0, bytes(8) + b"\x01" + bytes(32))[0], DONE)

    def test_wrong_key(self):
        signed = self.card.request_revocation(USER, 1)
        self.tools.refuses("cms", "-verify", *IN, "-CAfile", self.stranger, given=signed, why="unable to get local issuer")


class Payments(Checked):
    def test_from_a_line(self):
        line = self.certifier.line_of_credit(self.card.certificates[USER], self.card.device, 100000)
        paid = [self.card.accept(USER, line), self.card.pay(USER, 2500), self.card.pay(USER, 7500)]
        previous, remaining = bytes(32), 100000
        for sequence, (signed, amount) in enumerate(zip(paid, (0, 2500, 7500))):
            self.tools.plain(signed)
            self.same_type(signed, OIDS["PAYMENT"])
            out, _ = self.tools.takes(*self.cms(*ANY), given=signed)
            self.tools.plain(out)
            remaining -= amount
            self.assertEqual(self.read(out), {"credit": crypto.hash256(der(line)), "amount": amount, "remaining": remaining,
                                              "sequence": sequence, "previous": previous,
                                              "payee": b"Paper Shop" if sequence else b""})
            previous = crypto.hash256(signed)
        self.assertIn("Signers:", self.tools.certtool("--p7-info", "--inder", given=paid[1]))
        self.refused(paid[1], line)

    @staticmethod
    def read(out):
        fields = [out[first:end] for _, _, first, end in children(out)]
        names = ("version", "holder", "certificate", "device", "credit", "amount", "remaining", "payee", "time", "expiry",
                 "sequence", "previous")
        said = dict(zip(names, fields, strict=True))
        return {name: int.from_bytes(said[name], "big") if name in ("amount", "remaining", "sequence") else said[name]
                for name in ("credit", "amount", "remaining", "payee", "sequence", "previous")}

    def refused(self, signed, line):
        """Other bytes, wrong purpose, expired; a line of credit that somebody else wrote, and that is revoked."""
        self.refused_where_altered(signed, 19, lambda data: self.tools.openssl(
            *self.cms(*ANY), given=data).returncode == 0, unsigned(signed))
        self.tools.refuses(*self.cms(), given=signed, why="purpose")
        self.tools.refuses(*self.cms(*ANY, *AFTER), given=signed, why="expired")
        self.tools.refuses("cms", "-verify", *IN, *ANY, "-CAfile", self.stranger, given=signed,
                           why="unable to get local issuer")
        file = self.tools.put("line.pem", pem(line))
        verify = ("verify", *self.trust, "-untrusted", self.chain)
        self.tools.takes(*verify, file)
        forged = self.certifier.line_of_credit(self.card.certificates[USER], self.card.device, 999999, crypto.new_pair())
        self.tools.refuses(*verify, self.tools.put("forged.pem", pem(forged)), why="signature failure")
        self.card.accept(USER, forged)
        self.tools.refuses(*self.cms(*ANY), given=self.card.pay(USER, 1))


if __name__ == "__main__":
    unittest.main()
