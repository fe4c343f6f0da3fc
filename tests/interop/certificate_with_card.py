#!/usr/bin/python3
"""What a real card makes as a certificate meter, checked by openssl and certtool: each object is taken as it is, and refused
where a byte of it is another, the key is wrong, it has expired, is revoked, or is not for this."""

import os
import ssl
import unittest

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

import psd_crypto as crypto
from psd_certifier import Certifier, der, full_name, pem, revocation_command, secret_pem
from psd_funds import DONE, NOT_NOW
from psd_holder import Holder, SIGNS, response
from psd_layout import CONFIRMED, OIDS
from psd_made import Made
from psd_site import usage
from psd_tools import Tools, accepted, children, unsealed, unsigned
from psd_world import Workshop

MESSAGE, OTHER = b"A contract, and whoever signs it.\n", b"A contract, and whoever signs it!\n"
USER, STAMPS, AGENT, BY_RSA = range(1, 5)
AFTER = ("-attime", "7500000000")  # when no certificate holds any more
IN = ("-inform", "DER")
ANY = ("-purpose", "any")
ORGANIZATION = "Example Inc"


class Checked(unittest.TestCase):
    """One card with a key of each kind, and money for its services, in mills."""

    funds = 200000

    @classmethod
    def setUpClass(cls):
        cls.shop = Workshop()
        cls.addClassCleanup(cls.shop.close)
        cls.tools, cls.certifier = Tools(cls.shop.bench), Certifier(cls.shop.kms.pair)
        cls.made = Made(cls.shop, "card", rates=False)
        cls.addClassCleanup(cls.made.at.close)
        cls.card = Holder(cls.made, cls.certifier)
        cls.card.refill(cls.funds)
        cls.requests = {USER: cls.card.obtain(USER, "USER", "Anna Example"),
                        STAMPS: cls.card.obtain(STAMPS, "POSTMARK", "Example Postmarks"),
                        AGENT: cls.card.obtain(AGENT, "AGENT", "Desk", ORGANIZATION),
                        BY_RSA: cls.card.obtain(BY_RSA, "USER", "Ännchen Examplé", ORGANIZATION, "RSA2048")}
        put, certifier = cls.tools.put, cls.certifier
        cls.root = put("root.pem", pem(certifier.root))
        cls.chain = put("chain.pem", pem(certifier.ca, certifier.creditor))
        stranger = Certifier(crypto.new_pair())
        cls.stranger = put("stranger.pem", pem(stranger.root, stranger.ca))
        cls.trust = ("-CAfile", cls.root)
        cls.authorities = pem(certifier.root, certifier.ca, certifier.creditor)
        cls.every_authority = put("authorities.pem", cls.authorities)
        cls.message, cls.other = put("message", MESSAGE), put("other", OTHER)
        cls.every = {slot: put(f"slot{slot}.pem", pem(of)) for slot, of in cls.card.certificates.items()}

    def with_list(self, *slots):
        """Options: with a list that has the certificates of these slots. openssl takes it from among the authorities."""
        listed = self.certifier.revoked(*(self.card.certificates[slot] for slot in slots))
        return ("-crl_check", "-CAfile", self.tools.put("listed.pem", self.authorities + pem(listed)))

    def refused_where_altered(self, data, step, check, spare=()):
        """With another byte, every so many, `check` takes none; but for the bytes that nothing rests on."""
        self.assertTrue(check(data))
        self.assertEqual(set(accepted(data, step, check)) - set(spare), set())

    def same_type(self, signed, name):
        """The type of the content, and the signed attribute that has it: what openssl does not compare."""
        told = self.tools.takes("asn1parse", *IN, given=signed)[0].decode()
        self.assertEqual(told.count(":" + name), 2, told)

    def cms(self, *more, message=None):
        """What openssl is asked of a SignedData that comes on its standard input."""
        content = ("-content", message) if message else ()
        return ("cms", "-verify", "-binary", *IN, *content, "-CAfile", self.every_authority, *more)


class Requests(Checked):
    def verified(self, pkcs10):
        said = self.tools.openssl("req", *IN, "-verify", "-noout", given=pkcs10)
        return said.returncode == 0 and b"verify OK" in said.stdout + said.stderr

    def test_taken(self):
        for slot, pkcs10 in self.requests.items():
            self.assertTrue(self.verified(pkcs10))
            self.tools.plain(pkcs10)
            self.assertIn("Self signature: verified", self.tools.certtool("--crq-info", "--inder", given=pkcs10))
            public = self.card.public_key(slot).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            self.assertIn(public, pkcs10)
        subject, _ = self.tools.takes("req", *IN, "-noout", "-subject", "-nameopt", "utf8", given=self.requests[BY_RSA])
        self.assertEqual(subject.decode(), "subject=O=Example Inc, CN=Ännchen Examplé\n")

    def test_altered(self):
        self.refused_where_altered(self.requests[USER], 5, self.verified)
        self.refused_where_altered(self.requests[BY_RSA], 17, self.verified)

    def test_wrong_key(self):
        for slot in (USER, STAMPS):
            own, another = (crypto.point(self.card.public_key(of)) for of in (slot, AGENT))
            self.assertFalse(self.verified(self.requests[slot].replace(own, another)))


class Messages(Checked):
    def check(self, slot, step):
        signed, apart = self.card.sign(slot, MESSAGE), self.card.sign(slot, MESSAGE, p2=0)
        for data in (signed, apart):
            self.tools.plain(data)
            self.assertIn("Signers:", self.tools.certtool("--p7-info", "--inder", given=data))
        about = ("-certfile", self.every[slot])
        out, _ = self.tools.takes(*self.cms(message=self.message), given=signed)
        self.assertEqual(out, MESSAGE)
        self.tools.takes(*self.cms(*about, message=self.message), given=apart)
        told = self.tools.takes("cms", "-cmsout", "-print", *IN, given=signed)[0].decode()
        self.same_type(signed, "pkcs7-data")
        for attribute in ("messageDigest", "signingTime", "id-smime-aa-signingCertificateV2", OIDS["METERED_USE"]):
            self.assertIn(attribute, told)
        self.refused_where_altered(signed, step, lambda data: self.tools.openssl(
            *self.cms(message=self.message), given=data).returncode == 0, unsigned(signed))
        return signed

    def test_p256(self):
        signed = self.check(USER, 19)
        refuses, asked = self.tools.refuses, self.cms(message=self.message)
        refuses(*self.cms(message=self.other), given=signed, why="verification failure")
        refuses(*asked, *AFTER, given=signed, why="expired")
        refuses(*asked, *self.with_list(USER), given=signed, why="revoked")
        self.tools.takes(*asked, *self.with_list(AGENT), given=signed)
        refuses(*asked, "-purpose", "timestampsign", given=signed, why="purpose")
        refuses(*asked, "-purpose", "sslserver", given=signed, why="purpose")
        refuses("cms", "-verify", "-binary", *IN, "-content", self.message, "-CAfile", self.stranger, "-certfile",
                self.stranger, given=signed, why="unable to get local issuer")
        refuses(*self.cms("-certfile", self.every[STAMPS], message=self.message), given=self.card.sign(USER, MESSAGE, 0),
                why="signer certificate not found")

    def test_rsa(self):
        self.check(BY_RSA, 41)

    def test_another_signature(self):
        """What one message was signed with is none of another, whatever the rest of it says."""
        one, other = self.card.sign(USER, MESSAGE), self.card.sign(USER, OTHER)
        self.tools.refuses(*self.cms(message=self.other), given=one)
        self.tools.takes(*self.cms(message=self.other), given=other)

    def test_certtool(self):
        signed = self.tools.put("signed.p7s", self.card.sign(USER, MESSAGE))
        every = self.tools.put("every.pem", pem(self.certifier.root, self.certifier.ca))
        asked = ("--p7-verify", "--inder", "--load-ca-certificate", every, "--infile", signed, "--load-data")
        self.assertIn("Signature status: ok", self.tools.certtool(*asked, self.message))
        self.tools.certtool(*asked, self.other, expect=1)


class Postmarks(Checked):
    def stamped(self, digest="sha256", **more):
        digested, _ = self.tools.takes("dgst", "-" + digest, "-binary", given=MESSAGE)
        return self.card.postmark(STAMPS, digested, digest, **more)

    def ts(self, *more, data=None):
        return ("ts", "-verify", "-in", "/dev/stdin", "-data", data or self.message, *self.trust, "-untrusted", self.chain,
                *more)

    def test_taken(self):
        for digest in ("sha256", "sha384", "sha512"):
            token = self.stamped(digest)
            self.tools.plain(token)
            self.tools.takes(*self.ts("-token_in"), given=token)
            self.tools.takes(*self.ts(), given=response(token))
            told = self.tools.takes("ts", "-reply", "-in", "/dev/stdin", "-text", given=response(token))[0].decode()
            self.assertIn("Status: Granted.", told)
            self.assertIn(f"Hash Algorithm: {digest}", told)
            self.assertIn("Policy OID: " + OIDS["TARIFF"] + ".2", told)
            self.same_type(token, "id-smime-ct-TSTInfo")

    def test_query(self):
        """Of what openssl asks: digest and nonce, with and without a certificate."""
        nonce = b"\x7f" + os.urandom(7)
        for more, known in ((("-cert",), self.chain), ((), self.tools.put(
                "both.pem", pem(self.certifier.ca, self.card.certificates[STAMPS])))):
            query, _ = self.tools.takes("ts", "-query", "-data", self.message, "-sha256", *more)
            asked = children(query)
            nonce = next(query[first:end] for tag, _, first, end in asked[2:] if tag == 2)
            token = self.stamped(nonce=nonce, p2=1 if more else 0)
            file = self.tools.put("query.tsq", query)
            verify = ("ts", "-verify", "-in", "/dev/stdin", "-queryfile", file, *self.trust, "-untrusted", known)
            self.tools.takes(*verify, given=response(token))
            self.tools.refuses(*verify, given=response(self.stamped(nonce=b"\x01", p2=1 if more else 0)), why="nonce mismatch")

    def test_refused(self):
        token = self.stamped()
        refuses = self.tools.refuses
        refuses(*self.ts("-token_in", data=self.other), given=token, why="message imprint mismatch")
        refuses(*self.ts("-token_in", *AFTER), given=token, why="expired")
        refuses(*self.ts("-token_in", *self.with_list(STAMPS)), given=token, why="revoked")
        self.tools.takes(*self.ts("-token_in", *self.with_list(USER)), given=token)
        refuses("ts", "-verify", "-in", "/dev/stdin", "-token_in", "-data", self.message, "-CAfile", self.stranger,
                given=token, why="unable to get local issuer")
        refuses(*self.cms(), given=token, why="purpose")
        refuses(*self.ts("-token_in"), given=self.card.sign(USER, MESSAGE))

    def test_altered(self):
        token = self.stamped()
        self.refused_where_altered(token, 19, lambda data: self.tools.openssl(
            *self.ts("-token_in"), given=data).returncode == 0, unsigned(token))


class Issued(Checked):
    """By the agent (figure 3A)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.between = cls.tools.put("between.pem", pem(cls.certifier.ca, cls.card.certificates[AGENT]))
        cls.receivers = {"rsa": rsa.generate_private_key(65537, 3072), "p256": crypto.new_pair()}
        cls.known = {}
        for number, (kind, pair) in enumerate(cls.receivers.items()):
            certificate = cls.certifier._sign(pair, full_name(kind), full_name(kind), pair.public_key(), 5000 + number,
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
        violated = self.certifier._sign(self.certifier.pair, own.issuer, own.subject, own.public_key(), own.serial_number, [
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
