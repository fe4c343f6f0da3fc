"""A real card that makes evidence of every kind, and what is known of it; the tests of such cards."""

import unittest

from psd_evidence import BY_DAY, BY_METER, CARD, FIRST, POSTAGE, POSTAL, PRIORITY, VENDOR, Rates, day_table
from psd_funds import DONE, device_of
from psd_layout import pack
from psd_printer import DSA_KEY, PIN, PUK, Expected, Printer
from psd_programs import program
from psd_site import Authority, Site, date_of
from psd_wire import CardSocket
from psd_world import LICENCE, ZIP, Provider, Workshop

CERTIFICATE = 0x01020304
LIMITS = {"maximum_postage": 100, "maximum_descending": 1000, "minimum_refill": 5, "maximum_refill": 500}


def table(version=1, begins=-1, ends=20, letter=730, **more):
    rows = [(FIRST, 0, 28, letter), (FIRST, 0, 57, letter + 290), (CARD, 0, 10, 560), (PRIORITY, 1, 454, 9350),
            (PRIORITY, 2, 454, 9450), (PRIORITY, 2, 907, 9990)]
    return Rates(version, date_of(begins), date_of(ends), rows, ZIP // 100, [(100, 199, 2), (900, 909, 1)],
                 services={"postmark": 250 + version}, **more)


class Made:
    """A card in operation with money, tokens of both domains, every profile and a rate table."""

    def __init__(self, shop, name, order="day", rates=True, digits=5, **profile):
        self.shop, self.path = shop, shop.bench.path(name)
        settings = {"pin": PIN, "puk": PUK, "evidence_profiles": "dsa,p256,compact", **LIMITS, **profile}
        shop.make(name, "--dsa", "--postal-kms", shop.bench.path("postal"), "--token-order", order, "--token-digits",
                  str(digits), **settings)
        self.at = Provider(shop.kms, self.path).authorize(CERTIFICATE)
        self.at.load(500000)
        self.order = BY_DAY if order == "day" else BY_METER
        self.device, self.bytes = self.at.device, device_of(self.at.device)
        self.point = shop.kms.points[self.device["serial"]]
        self.printer = Printer(self.at.card)
        self.begin()
        self.finals = {name: lambda date, domain=domain: shop.kms.tokens.final(domain, self.order, self.bytes, date)
                       for name, domain in (("vendor", VENDOR), ("postal", POSTAL))}
        self.expected = Expected(self.device, CERTIFICATE, ZIP, self.point, self.printer.object(DSA_KEY), self.finals,
                                 digits)
        if rates:
            self.load(table())

    def begin(self):
        return self.printer.begin()

    def load(self, rates):
        signed = rates.signed(self.shop.kms.pair)
        if self.printer.ask("LOAD_RATES", 0, signed)[0] != DONE:
            raise AssertionError("the rate table is refused")

    def tool(self, *arguments):
        """psd, which wants the card for itself."""
        pin = self.shop.bench.write("pin", PIN + "\n")
        self.at.card.close()
        self.shop.bench.run(program("PSD_CLI"), "--card", self.path, *arguments, "--pin-file", pin)
        self.at.card = self.printer.card = CardSocket(self.path)
        self.begin()


class WithCard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop, cls.count = Workshop(), 0

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    def made(self, *arguments, **more):
        type(self).count += 1
        made = Made(self.shop, f"{type(self).__name__}{self.count}", *arguments, **more)
        self.addCleanup(made.at.close)
        return made

    def make(self, made, profile, kind=POSTAGE, rates=None, row=None, **asked):
        """Made, and right in everything: the indicium."""
        head, indicium = made.printer.create(profile, kind, **asked)
        wrong = made.expected.check(head, indicium, made.printer.registers(), kind, profile, asked,
                                    rates.hash() if rates else None, row)
        self.assertEqual(wrong, [])
        self.assertEqual(made.printer.done("GET_LAST"), pack("evidence_head", head) + indicium)
        return indicium

    def site(self, made):
        """A folder for this card."""
        site = Site(self.shop.bench.path("site" + made.bytes.hex()), Authority(self.shop.kms.pair), self.shop.kms.tokens,
                    self.shop.kms.pair)
        certificate = Authority(self.shop.kms.pair).certify(made.point, made.bytes, CERTIFICATE, ZIP, LICENCE)
        site.know(made.bytes, certificate, made.bytes + made.printer.object(DSA_KEY))
        site.rates(table())
        site.put("meters.csv", f"PS,D1,{made.device['serial']:08X},500.00,1000\n".encode())
        for domain, pair in site.table_pairs.items():
            final = made.finals["vendor" if domain == VENDOR else "postal"](date_of())
            rows = site.tokens.day_rows(domain, date_of()) if made.order == BY_DAY else {made.bytes: final}
            site.put(f"days/{domain}.day", day_table(pair, domain, 1, date_of(), rows, made.order))
        return site
