#!/usr/bin/python3
"""Rate tables signed in Python, in a real card: which it takes, and which price it finds for a piece."""

import os
import random
import unittest

import psd_crypto as crypto
from psd_evidence import FIRST, P256, PRIORITY, Rates, read_rates, sign_rates
from psd_funds import ABSENT, DONE, NOT_AUTHENTIC, NOT_NOW, WRONG_DATA
from psd_layout import unpack
from psd_made import WithCard, table
from psd_printer import NEXT_RATES, RATES, SERVICES
from psd_site import date_of
from psd_wire import CardRefused
from psd_world import ZIP

WRONG_P1 = 0x6A86


class Tables(WithCard):
    def load(self, made, rates, pair=None, **altered):
        return made.printer.ask("LOAD_RATES", 0, sign_rates(rates.bytes(**altered), pair or self.shop.kms.pair))[0]

    def held(self, made):
        """The versions it has, and the price of its postmark today."""
        found = []
        for tag in (RATES, NEXT_RATES):
            try:
                found.append(read_rates(made.printer.object(tag), crypto.point(self.shop.kms.pair)).head["version"])
            except CardRefused as refused:
                self.assertEqual(refused.status, ABSENT)
                found.append(0)
        return (*found, unpack("service_rates", made.printer.object(SERVICES))["postmark"])

    def test_in_turn(self):
        made = self.made(rates=False)
        with self.assertRaises(CardRefused):
            made.printer.object(SERVICES)
        for rates, status, held in (
                (table(4), DONE, (4, 0, 254)), (table(4), DONE, (4, 0, 254)), (table(4, letter=1), NOT_NOW, (4, 0, 254)),
                (table(3), NOT_NOW, (4, 0, 254)), (table(5, 5), DONE, (4, 5, 254)), (table(6, 4), DONE, (4, 6, 254)),
                (table(5, 5), NOT_NOW, (4, 6, 254)), (table(6, 4), DONE, (4, 6, 254)),
                (table(7, -10, 0), NOT_NOW, (4, 6, 254)), (table(7, -10, -1), NOT_NOW, (4, 6, 254)),
                (table(8, 0, 1), DONE, (8, 0, 258)), (table(0xFFFFFFFF, 0), DONE, (0xFFFFFFFF, 0, 249))):
            if rates.head["version"] == 0xFFFFFFFF:
                rates.services["postmark"] = 249
            self.assertEqual(self.load(made, rates), status, rates.head)
            self.assertEqual(self.held(made), held)

    def test_by_the_provider(self):
        made = self.made(rates=False)
        made.at.sign_on()
        self.assertEqual(made.at.command("LOAD_RATES", 0, table(9).signed(self.shop.kms.pair))[0], DONE)
        made.begin()
        self.assertEqual(self.held(made), (9, 0, 259))

    def test_refused(self):
        made = self.made(rates=False)
        good = table(2)
        self.assertEqual(self.load(made, good, crypto.new_pair()), NOT_AUTHENTIC)
        signed = good.signed(self.shop.kms.pair)
        for bit in range(0, 8 * len(signed), 3):
            changed = bytearray(signed)
            changed[bit // 8] ^= 0x80 >> bit % 8
            self.assertEqual(made.printer.ask("LOAD_RATES", 0, bytes(changed))[0], NOT_AUTHENTIC)
        for altered in ({"magic": b"PSDX"}, {"format": 2}, {"country": b"us"}, {"country": b"DE"}, {"version": 0},
                        {"effective": 20260230}, {"expiry": 20261301}, {"effective": good.head["expiry"]},
                        {"origin": 1000}, {"zones": 1}, {"rows": 5}, {"rows": 7}, {"rows": 0}):
            self.assertEqual(self.load(made, good, **altered), WRONG_DATA, altered)
        for change in (lambda of: of.rows.reverse(), lambda of: of.rows.append(of.rows[-1]),
                       lambda of: of.rows.append((PRIORITY, 0, 1, 1)), lambda of: of.rows.insert(0, (0, 0, 1, 1)),
                       lambda of: of.rows.append((PRIORITY, 10, 1, 1)), lambda of: of.rows.append((8, 0, 1, 1)),
                       lambda of: of.rows.append((7, 0, 0, 1)), lambda of: of.rows.append((7, 0, 1, 0)),
                       lambda of: of.rows.extend([(7, 0, 1, 1), (7, 1, 1, 1)]), lambda of: of.zones.reverse(),
                       lambda of: of.zones.append((909, 910, 1)), lambda of: of.zones.append((950, 940, 1)),
                       lambda of: of.zones.append((950, 1000, 1)), lambda of: of.zones.append((950, 960, 0)),
                       lambda of: of.zones.append((950, 960, 10)), lambda of: of.zones.clear()):
            wrong = table(2)
            change(wrong)
            counts = {"rows": len(wrong.rows), "zones": len(wrong.zones)}
            self.assertEqual(self.load(made, wrong, **counts), WRONG_DATA, (wrong.rows, wrong.zones))
        self.assertEqual(made.printer.ask("LOAD_RATES", 1, signed)[0], WRONG_P1)
        self.assertEqual(self.load(made, good), DONE)

    def test_as_long_as_it_may_be(self):
        """1960 bytes; one row more is refused, and has no room in the command either."""
        made = self.made(rates=False)
        rows = [(FIRST, 0, grams, 100 + grams) for grams in range(1, 268)]
        longest = Rates(1, date_of(-1), date_of(5), rows)
        self.assertLessEqual(len(longest.bytes()), 1960)
        self.assertGreater(len(longest.bytes()) + 7, 1960)
        self.assertEqual(self.load(made, longest), DONE)
        for grams in (1, 100, 267):
            self.make(made, P256, rates=longest, row=grams - 1, mail_class=FIRST, grams=grams, postage=100 + grams)
        more = Rates(2, date_of(-1), date_of(5), [*rows, (FIRST, 0, 268, 368)])
        self.assertIn(self.load(made, more), (0x6700, WRONG_DATA))

    def test_price_of_every_piece(self):
        """Random tables and pieces: the card finds the row that Python finds."""
        draw = random.Random(os.environ.get("PSD_SEED", "4711"))
        made = self.made(rates=False, maximum_postage=5000, maximum_descending=5000)
        for version in range(1, 13):
            rates = self.drawn(draw, version)
            made.load(rates)
            made.begin()
            for _ in range(25):
                self.ask_for(made, rates, draw)

    @staticmethod
    def drawn(draw, version):
        rows = set()
        for mail_class in draw.sample(range(1, 8), draw.randint(1, 6)):
            zones = draw.sample(range(1, 10), draw.randint(1, 4)) if draw.random() < 0.6 else [0]
            rows.update((mail_class, zone, grams) for zone in zones for grams in draw.sample(range(1, 60), 3))
        cuts = sorted(draw.sample(range(1000), 8))
        zones = [(first, last, draw.randint(1, 9)) for first, last in zip(cuts[::2], cuts[1::2])]
        return Rates(version, date_of(-1), date_of(9), [(*row, draw.randint(1, 3000)) for row in sorted(rows)],
                     draw.choice((ZIP // 100, 1)), zones)

    def ask_for(self, made, rates, draw):
        wanted = {"mail_class": draw.randint(1, 7), "grams": draw.randint(0, 62), "zone": draw.choice((0, 0, *range(1, 10))),
                  "destination": draw.choice((0, draw.randrange(10 ** 11), draw.choice(rates.zones)[0] * 10 ** 8 + 5))}
        found = rates.find(zip_code=ZIP, **wanted) if wanted["grams"] else None
        if found is None:
            self.assertEqual(made.printer.refused(P256, **wanted, postage=draw.randint(1, 3000)), WRONG_DATA, wanted)
            return
        self.assertEqual(made.printer.refused(P256, **wanted, postage=found[1] + 1), WRONG_DATA)
        self.make(made, P256, rates=rates, row=found[0], **wanted, postage=found[1])


if __name__ == "__main__":
    unittest.main()
