"""A house (psd_house.py) that keeps the desk of a certificate authority and of a creditor, publishes over HTTP, and has a
meter with certificates."""

import re
import ssl
import unittest
import urllib.request

from psd_evidence_house import COUNTRY, LICENCE, ZIP
from psd_house import House, USER
from psd_printer import PIN, PUK
from psd_programs import program
from psd_tools import Tools
from psd_wire import CardSocket

MESSAGE = b"Delivered before noon.\n"
AFTER = ("-attime", "7500000000")
USERS, GONE, STAMPS = 1, 2, 3
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class WithAuthority(unittest.TestCase):
    """A meter with two user's keys, one of them revoked, and one for postmarks."""

    @classmethod
    def begin(cls):
        """Once for all the tests here."""
        cls.house = House("--http", "127.0.0.1:0", "--vetting", "user", "--credit-most", "100.00")
        unittest.addModuleCleanup(cls.house.close)
        cls.tools, cls.pin = Tools(cls.house), cls.house.write("pin", PIN + "\n")
        cls.house.server.wait_for("publishing on")
        cls.at = re.search(r"publishing on (\S+)", cls.house.server.said()).group(1)
        rates = cls.tools.put("rates.txt", COUNTRY.format(effective="2026-01-01", expires="2090-01-01", letter="0.73",
                                                          postmark="0.25").encode())
        for words in (("account", "license", "1", "--zip", str(ZIP), "--licence", str(LICENCE)),
                      ("account", "deposit", "1", "1000"), ("ca", "init"), ("rates", "publish", rates)):
            cls.house.server_command(*words)
        cls.card = cls.house.real_card("card", "--key-pair", "--pin-file", cls.house.write("pins", f"{PIN}\n{PUK}\n"))
        for words in (("register",), ("audit",), ("refill", "100.00", "--group", "certificate")):
            cls.in_session(*words)
        cls.numbers = {slot: cls.requested(slot, purpose) for slot, purpose in ((USERS, "user"), (GONE, "user"),
                                                                               (STAMPS, "postmark"))}
        cls.house.server_command("ca", "revoke", str(cls.numbers[GONE]), "--reason", "key-compromise")
        cls.fetched()

    @classmethod
    def in_session(cls, *words):
        return cls.house.run(program("PSD_CLI"), "--card", cls.card, *words, "--server", cls.house.address, "--user",
                             USER, "--password-file", cls.house.password)

    @classmethod
    def requested(cls, slot, purpose):
        """Figure 5: the serial number of the certificate, which is in slotN.pem then."""
        cls.in_session("cert", "request", "--slot", str(slot), "--subject", "CN=" + USER, "--purpose", purpose, "--pin-file",
                       cls.pin)
        file = cls.house.path(f"slot{slot}.pem")
        cls.house.run(program("PSD_CLI"), "--card", cls.card, "cert", "export", "--slot", str(slot), "-o", file)
        said, _ = cls.tools.takes("x509", "-in", file, "-noout", "-serial")
        return int(said.decode().strip().split("=")[1], 16)

    @classmethod
    def get(cls, path):
        with DIRECT.open(f"http://{cls.at}/{path}", timeout=20) as answer:
            return answer.read()

    @classmethod
    def fetched(cls):
        """What is published: DER by name, and files of it in PEM."""
        page = cls.get("").decode()
        key = re.search(r"ca-(\d+)\.crt", page).group(1)
        cls.published = {"root": cls.get("root.crt"), "ca": cls.get(f"ca-{key}.crt"), "creditor": cls.get("creditor.crt"),
                         "list": cls.get(f"ca-{key}.crl")}
        cls.files = {name: cls.tools.put(name + ".pem", ssl.DER_cert_to_PEM_cert(cls.published[name]).encode())
                     for name in ("root", "ca", "creditor")}
        cls.files["list"] = cls.tools.put("list.pem", cls.tools.takes("crl", "-inform", "DER",
                                                                      given=cls.published["list"])[0])
        for slot in cls.numbers:
            cls.files[slot] = cls.house.path(f"slot{slot}.pem")
        cls.files["psd"] = cls.tools.put("psd.pem", ssl.DER_cert_to_PEM_cert(cls.object(0xDF2A)).encode())

    @classmethod
    def object(cls, tag):
        """Of the card."""
        card = CardSocket(cls.card)
        try:
            return card.command(0xCA, tag >> 8, tag & 0xFF)
        finally:
            card.close()

    def verify(self, *more):
        return ("verify", "-x509_strict", "-CAfile", self.files["root"], "-untrusted", self.files["ca"], *more)

    def der(self, name):
        return self.tools.takes("x509", "-in", self.files[name], "-outform", "DER")[0]
