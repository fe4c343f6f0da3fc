#!/usr/bin/python3
"""Requests, signatures and postmarks of a real card, checked by openssl and certtool: each is taken as it is, and refused where
a byte of it is another, the key is wrong, it has expired, is revoked, or is not for this."""

import os
import unittest

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import psd_crypto as crypto
from psd_certifier import pem
from psd_checked import AFTER, AGENT, BY_RSA, Checked, IN, MESSAGE, OTHER, STAMPS, USER
from psd_holder import response
from psd_layout import OIDS
from psd_tools import children, unsigned


class Requests(Checked):
    rsa = True

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
    rsa = True

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


if __name__ == "__main__":
    unittest.main()
