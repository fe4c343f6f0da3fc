#!/usr/bin/python3
"""The authority of the real key management system and the real meter server, published over HTTP, and psd tsa: what openssl,
certtool and jarsigner think of it."""

import http.client
import re
import shutil
import ssl
import unittest
import zipfile

from psd_house import USER
from psd_layout import OIDS, pack, unpack
from psd_programs import program
from psd_published import AFTER, GONE, MESSAGE, STAMPS, USERS, WithAuthority
from psd_tools import accepted, children, unsigned


def setUpModule():
    WithAuthority.begin()


class Chain(WithAuthority):
    def test_taken(self):
        for name in ("root", "ca", "creditor", USERS, GONE, STAMPS, "psd"):
            self.tools.takes(*self.verify(self.files[name]))
            self.tools.plain(self.der(name))
            self.tools.certtool("--certificate-info", "--infile", self.tools.put("one.pem", ssl.DER_cert_to_PEM_cert(
                self.der(name)).encode()))
        for slot, purpose in ((USERS, "smimesign"), (STAMPS, "timestampsign")):
            self.tools.takes(*self.verify("-purpose", purpose, self.files[slot]))

    def test_refused(self):
        for slot, purpose in ((USERS, "timestampsign"), (STAMPS, "smimesign"), (USERS, "sslserver"), (USERS, "crlsign")):
            self.tools.refuses(*self.verify("-purpose", purpose, self.files[slot]), why="purpose")
        self.tools.refuses(*self.verify(*AFTER, self.files[USERS]), why="expired")
        self.tools.refuses("verify", "-CAfile", self.files["creditor"], "-partial_chain", self.files[USERS],
                           why="unable to get local issuer")

    def test_altered(self):
        for name in (USERS, "ca"):
            whole = self.der(name)
            trusted = ("verify", "-CAfile", self.files["root"], "-untrusted", self.files["ca"])

            def taken(data, trusted=trusted):
                return self.tools.openssl(*trusted, given=ssl.DER_cert_to_PEM_cert(data).encode()).returncode == 0
            self.assertTrue(taken(whole))
            self.assertEqual(accepted(whole, 23, taken), [])

    def test_certtool(self):
        def chain(*names):
            return self.tools.put("chain.pem", b"".join(ssl.DER_cert_to_PEM_cert(self.der(name)).encode() for name in names))
        for slot in (USERS, STAMPS):
            said = self.tools.certtool("--verify", "--load-ca-certificate", self.files["root"], "--infile",
                                       chain(slot, "ca", "root"))
            self.assertIn("Chain verification output: Verified.", said)
        self.tools.certtool("--verify", "--load-ca-certificate", self.files["root"], "--load-crl", self.files["list"],
                            "--infile", chain(GONE, "ca", "root"), expect=1)
        self.tools.certtool("--verify", "--load-ca-certificate", self.files["creditor"], "--infile", chain(USERS, "ca"), expect=1)


class Lists(WithAuthority):
    def listed(self, data):
        said = self.tools.openssl("crl", "-inform", "DER", "-CAfile", self.files["ca"], "-noout", given=data)
        return said.returncode == 0 and b"verify OK" in said.stdout + said.stderr

    def test_list(self):
        published = self.published["list"]
        self.tools.plain(published)
        self.assertTrue(self.listed(published))
        self.assertEqual(accepted(published, 17, self.listed), [])
        told = self.tools.takes("crl", "-in", self.files["list"], "-noout", "-text")[0].decode()
        self.assertIn(f"Serial Number: {self.numbers[GONE]:02X}\n", told)
        self.assertIn("Key Compromise", told)
        self.assertIn("X509v3 CRL Number", told)
        asked = ("--verify-crl", "--load-ca-certificate", self.files["ca"], "--infile", self.files["list"])
        self.assertIn("Verified", self.tools.certtool(*asked))

    def test_with_it(self):
        asked = self.verify("-crl_check", "-CRLfile", self.files["list"])
        for good in (USERS, STAMPS, "psd"):
            self.tools.takes(*asked, self.files[good])
        self.tools.refuses(*asked, self.files[GONE], why="revoked")


class Ocsp(WithAuthority):
    def asked(self, *whose, root="root"):
        return ("ocsp", "-issuer", self.files["ca"], *whose, "-CAfile", self.files[root], "-verify_other", self.files["ca"])

    def answered(self, *whose, **more):
        said = self.tools.openssl(*self.asked(*whose, **more), "-url", f"http://{self.at}/ocsp", "-no_proxy", "*")
        return (said.stdout + said.stderr).decode()

    def test_each_status(self):
        for whose, status in ((("-cert", self.files[USERS]), "good"), (("-cert", self.files[STAMPS]), "good"),
                              (("-cert", self.files[GONE]), "revoked"), (("-serial", "0x7fffff"), "unknown")):
            said = self.answered(*whose)
            self.assertIn("Response verify OK", said)
            self.assertNotIn("WARNING", said)
            self.assertIn(f": {status}\n", said)
        self.assertIn("Reason: keyCompromise", self.answered("-cert", self.files[GONE]))

    def test_refused(self):
        self.assertNotIn("Response verify OK", self.answered("-cert", self.files[USERS], root="creditor"))
        self.assertIn("unauthorized", self.tools.openssl("ocsp", "-issuer", self.files["creditor"], "-serial", "5", "-url",
                                                         f"http://{self.at}/ocsp").stdout.decode())

    def test_altered(self):
        file, whose = self.house.path("answer.der"), ("-cert", self.files[USERS], "-no_nonce")
        self.tools.takes(*self.asked(*whose), "-url", f"http://{self.at}/ocsp", "-respout", file)
        with open(file, "rb") as answer:
            given = answer.read()
        self.tools.plain(given)

        def good(data):
            said = self.tools.openssl(*self.asked(*whose), "-respin", "/dev/stdin", given=data)
            return b"Response verify OK" in said.stderr and b": good\n" in said.stdout
        self.assertTrue(good(given))
        self.assertEqual(accepted(given, 17, good), [])
        old = self.tools.openssl(*self.asked(*whose, *AFTER), "-respin", file)
        self.assertNotIn(b"Response verify OK", old.stderr)


class Signed(WithAuthority):
    """SignedData of the authority, and of a holder whose line of credit is the real creditor's."""

    def cms(self, *more):
        every = self.tools.put("every.pem", b"".join(ssl.DER_cert_to_PEM_cert(self.der(name)).encode()
                                                     for name in ("root", "ca", "creditor")))
        return ("cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-CAfile", every, *more)

    def content(self, signed, *more):
        self.tools.plain(signed)
        out, _ = self.tools.takes(*self.cms(*more), given=signed)
        self.tools.plain(out)
        self.tools.refuses(*self.cms(*more, *AFTER), given=signed, why="expired")
        self.tools.refuses(*self.cms(*more, "-CAfile", self.files["psd"]), given=signed, why="unable to get")

        def same(data):
            said = self.tools.openssl(*self.cms(*more), given=data)
            return said.returncode == 0 and said.stdout == out
        self.assertEqual(set(accepted(signed, 53, same)) - unsigned(signed), set())
        return out

    def test_revocation_command(self):
        """608"""
        certificate = self.der(GONE)
        answer, command = self.house.ask_kms("meter", "KMS_REVOKE", pack("kms_revoke", {
            **unpack("device_id", self.object(0xDF20)), "number": 1000, "reason": 1, "charge": 0, "certificate": len(certificate), "request": 0})
            + certificate)
        self.assertEqual(answer, "KMS_REVOKED")
        told = self.tools.takes("asn1parse", "-inform", "DER", given=command)[0].decode()
        self.assertEqual(told.count(":" + OIDS["REVOCATION_COMMAND"]), 2, told)
        out = self.content(command, "-certfile", self.files["ca"])
        fields = children(out)
        self.assertEqual([int.from_bytes(out[fields[at][2]:fields[at][3]], "big") for at in (2, 3, 5, 6)],
                         [self.numbers[GONE], 1, 1000, 0])

    def test_payment(self):
        file = self.house.path("pay.p7s")
        self.in_session("credit", "request", "50.00", "--pin-file", self.pin)
        self.house.run(program("PSD_CLI"), "--card", self.card, "pay", "12.50", "--to", "Paper Shop", "-o", file,
                       "--pin-file", self.pin)
        with open(file, "rb") as signed:
            out = self.content(signed.read())
        fields = children(out)
        self.assertEqual([int.from_bytes(out[fields[at][2]:fields[at][3]], "big") for at in (2, 5, 6, 10)],
                         [self.numbers[USERS], 12500, 37500, 1])


class Stamps(WithAuthority):
    @classmethod
    def setUpClass(cls):
        cls.tsa = cls.house.start("tsa", [program("PSD_CLI"), "tsa", "--listen", "127.0.0.1:0", "--card", cls.card,
                                          "--pin-file", cls.pin], "listens at")
        cls.stamps_at = re.search(r"listens at (127.0.0.1:\d+)", cls.tsa.said()).group(1)

    @classmethod
    def tearDownClass(cls):
        if cls.tsa.stop():
            raise AssertionError(cls.tsa.said())

    def stamped(self, query):
        """What it answers to a query."""
        stream = http.client.HTTPConnection(self.stamps_at, timeout=30)
        stream.request("POST", "/", query, {"Content-Type": "application/timestamp-query"})
        answer = stream.getresponse()
        self.assertEqual((answer.status, answer.getheader("Content-Type")), (200, "application/timestamp-reply"))
        data = answer.read()
        stream.close()
        return data

    def test_query(self):
        message = self.tools.put("message", MESSAGE)
        for digest, certificate in (("-sha256", True), ("-sha384", True), ("-sha512", False)):
            file = self.house.path("query.tsq")
            self.tools.takes("ts", "-query", "-data", message, digest, *(("-cert",) if certificate else ()), "-out", file)
            with open(file, "rb") as query:
                reply = self.tools.put("reply.tsr", self.stamped(query.read()))
            with open(reply, "rb") as given:
                self.tools.plain(given.read())
            between = self.files["ca"] if certificate else self.tools.put("between.pem", b"".join(
                ssl.DER_cert_to_PEM_cert(self.der(name)).encode() for name in ("ca", STAMPS)))
            trust = ("-in", reply, "-CAfile", self.files["root"], "-untrusted", between)
            self.tools.takes("ts", "-verify", "-queryfile", file, *trust)
            self.tools.takes("ts", "-verify", "-data", message, *trust)
            self.assertIn(b"Status: Granted.", self.tools.takes("ts", "-reply", "-in", reply, "-text")[0])
            another = self.tools.takes("ts", "-query", "-data", message, digest)[0]
            self.tools.refuses("ts", "-verify", "-queryfile", self.tools.put("another.tsq", another), *trust,
                               why="nonce mismatch")
            self.tools.refuses("ts", "-verify", "-data", message, "-in", reply, "-CAfile", self.files["creditor"],
                               "-untrusted", between, why="unable to get")

    def test_refused(self):
        """What openssl may ask, and the meter does not grant."""
        for more, status in ((("-sha1",), "unrecognized or unsupported algorithm"),
                             (("-sha256", "-tspolicy", "1.2.3.4"), "policy is not supported")):
            query, _ = self.tools.takes("ts", "-query", "-digest", "11" * (20 if "-sha1" in more else 32), *more)
            told = self.tools.takes("ts", "-reply", "-in", self.tools.put("refused.tsr", self.stamped(query)), "-text")[0]
            self.assertIn("Status: Rejected.", told.decode())
            self.assertIn(status, told.decode())

    @unittest.skipUnless(shutil.which("jarsigner") and shutil.which("keytool"), "there is no Java")
    def test_jarsigner(self):
        """A jar whose signature the meter has stamped."""
        jar, keys = self.house.path("signed.jar"), self.house.path("keys.p12")
        with zipfile.ZipFile(jar, "w") as out:
            out.writestr("letter", MESSAGE)
        secret = ("-keystore", keys, "-storepass", "not secret")
        self.house.run("keytool", "-genkeypair", *secret, "-keyalg", "EC", "-groupname", "secp256r1", "-alias", "signer",
                       "-dname", "CN=Signer")
        self.assertIn("jar signed", self.house.run("jarsigner", "-J-Dhttp.proxyHost=", *secret, "-tsa",
                                                   f"http://{self.stamps_at}/", jar, "signer"))
        said = self.house.run("jarsigner", "-verify", "-verbose", "-certs", jar)
        self.assertIn("jar verified", said)
        self.assertRegex(said, r"Timestamped by .*" + USER)
        self.assertIn("granted number", self.tsa.said())


if __name__ == "__main__":
    unittest.main()
