"""A real card whose objects openssl and certtool look at (psd_tools.py), with an authority of Python."""

import unittest

import psd_crypto as crypto
from psd_certifier import Certifier, pem
from psd_holder import Holder
from psd_made import Made
from psd_tools import Tools, accepted
from psd_world import Workshop

MESSAGE, OTHER = b"A contract, and whoever signs it.\n", b"A contract, and whoever signs it!\n"
USER, STAMPS, AGENT, BY_RSA = range(1, 5)
AFTER = ("-attime", "7500000000")  # when no certificate holds any more
IN = ("-inform", "DER")
ANY = ("-purpose", "any")
ORGANIZATION = "Example Inc"


class Checked(unittest.TestCase):
    """One card with keys of each purpose, and money for its services, in mills; an RSA key is slow, and made where it is
    wanted."""

    funds, rsa = 200000, False

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
                        AGENT: cls.card.obtain(AGENT, "AGENT", "Desk", ORGANIZATION)}
        if cls.rsa:
            cls.requests[BY_RSA] = cls.card.obtain(BY_RSA, "USER", "Ännchen Examplé", ORGANIZATION, "RSA2048")
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
