#!/usr/bin/python3
"""Who has the PIN of a real card and asks for evidence of whatever he likes: bytes drawn by lot, lengths, values at their
limits; tables of rates that are signed and make no sense. Either what is made is right in every byte and debited to the
mill, or nothing has changed."""

import datetime
import os
import random
import unittest

from psd_made import Made, table
from psd_evidence import (CARD, COMPACT, CORRECTION, DSA, FIRST, P256, POSTAGE, PRIORITY, REDATE, TEST, WITHDRAWAL, Rates,
                          sign_rates)
from psd_funds import ABSENT, DONE, NOT_AUTHENTIC, NOT_NOW, WRONG_DATA, command
from psd_layout import COMMANDS, pack, size_of, take, unpack
from psd_printer import LETTER, NOTHING, RATES
from psd_site import date_of
from psd_wire import CardRefused, CardSocket
from psd_world import ZIP, Workshop

DRAW = random.Random(os.environ.get("PSD_SEED", "4711"))
LOG, OPERATION, NEXT = 0xDF2E, 0xDF3F, 0xDF43
WRONG_LENGTH, WRONG_P2, NOT_ALLOWED = 0x6700, 0x6A86, 0x6982
EXPECTED = {0x6A80, 0x6A81, 0x6A86, 0x6A88, 0x6985}


def there_is(date):
    try:
        datetime.date(date // 10000, date // 100 % 100, date % 100)
        return date // 10000 >= 1970
    except ValueError:
        return False


def makes_sense(data):
    """The fields of a table without its signature, by every rule of docs/evidence.md; None if it is none."""
    try:
        head, rest = take("rate_table", data)
        _, rest = take("service_rates", rest)
        zones, rows = [], []
        for _ in range(head["zones"]):
            row, rest = take("zone_row", rest)
            zones.append(tuple(row.values()))
        for _ in range(head["rows"]):
            row, rest = take("rate_row", rest)
            rows.append(tuple(row.values()))
    except ValueError:
        return None
    keys = [row[:3] for row in rows]
    classes = {mail_class: {row[1] for row in rows if row[0] == mail_class} for mail_class, *_ in rows}
    ends = [end for first, last, _ in zones for end in (first, last)]
    right = (not rest and head["magic"] == b"PSDR" and head["format"] == 1 and head["version"] > 0
             and head["country"].isalpha() and head["country"].isupper() and there_is(head["effective"])
             and there_is(head["expiry"]) and head["effective"] < head["expiry"] and len(data) <= 1960 and rows
             and (head["origin"] < 1000 if zones else head["origin"] == 1000)
             and keys == sorted(set(keys)) and all(len(of) == 1 or 0 not in of for of in classes.values())
             and all(1 <= row[0] <= 7 and row[1] <= 9 and row[2] > 0 and row[3] > 0 for row in rows)
             and all(first <= last <= 999 and 1 <= zone <= 9 for first, last, zone in zones)
             and ends == sorted(ends) and all(a[1] < b[0] for a, b in zip(zones, zones[1:])))
    return head if right else None


class OnCard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = Workshop()
        cls.made = Made(cls.shop, "card")
        cls.printer = cls.made.printer
        cls.rates = table()

    @classmethod
    def tearDownClass(cls):
        cls.made.at.close()
        cls.shop.close()

    def setUp(self):
        self.made.begin()

    def state(self, of=None):
        """All that a debit or a piece of evidence changes."""
        printer = of or self.printer
        return [printer.object(tag) for tag in (0xDF23, 0xDF24, LOG, OPERATION)] + [printer.ask("GET_LAST")]

    def judge(self, kind, wish):
        """Asks for it: right in everything, or refused and nothing changed. True if it was made."""
        before, was = self.state(), self.printer.registers()
        status, answer = self.printer.ask("CREATE_INDICIUM", kind, pack("indicium_wish", wish))
        if status != DONE:
            self.assertIn(status, EXPECTED, wish)
            self.assertEqual(self.state(), before)
            return False
        head, indicium = take("evidence_head", answer)
        now = self.printer.registers()
        postage = wish["postage"] if kind in (POSTAGE, CORRECTION) else 0
        self.assertEqual({**was, "ascending": was["ascending"] + postage, "descending": was["descending"] - postage,
                          "piece_count": was["piece_count"] + 1}, now)
        row = None
        if kind == POSTAGE:
            row, price = self.rates.find(wish["mail_class"], wish["grams"], wish["zone"], ZIP, wish["destination"])
            self.assertEqual(price, postage)
        self.assertEqual(self.made.expected.check(head, indicium, now, kind, wish["profile"], wish,
                                                  self.rates.hash() if kind == POSTAGE and wish["profile"] != COMPACT
                                                  else None, row), [])
        self.assertEqual(self.printer.ask("GET_LAST"), (DONE, answer))
        return True

    def draw_wish(self):
        """Mostly what makes sense, one or two fields of it anything."""
        wish = {"profile": DRAW.choice((P256, DSA, COMPACT)), **NOTHING}
        kind = DRAW.choice((POSTAGE, POSTAGE, CORRECTION, REDATE, TEST))
        if kind == POSTAGE:
            of, zone, grams, postage = DRAW.choice(self.rates.rows)
            wish.update(mail_class=of, zone=zone, grams=grams, postage=postage)
        if kind == CORRECTION:
            wish["postage"] = DRAW.choice((1, 5, 730))
        if kind == REDATE:
            wish["destination"] = self.printer.registers()["piece_count"]
        sizes = {"profile": 8, "date": 32, "mail_class": 8, "zone": 8, "grams": 16, "postage": 64, "destination": 40}
        for _ in range(DRAW.choice((0, 0, 1, 1, 2))):
            field = DRAW.choice(list(sizes))
            most = (1 << sizes[field]) - 1
            wish[field] = DRAW.choice((0, 1, 2, most, most >> 1, (most >> 1) + 1, DRAW.randint(0, most),
                                       wish[field] + 1 & most, max(wish[field], 1) - 1, date_of(DRAW.randint(-2, 32)) & most))
        wish["addressee"] = DRAW.choice((bytes(8), os.urandom(8)))
        return kind, wish

    def test_drawn_by_lot(self):
        made = sum(self.judge(*self.draw_wish()) for _ in range(1000))
        self.assertGreater(made, 150)
        self.assertLess(made, 900)

    def test_bytes_drawn_by_lot(self):
        before = self.state()
        for _ in range(200):
            status, _ = self.printer.ask("CREATE_INDICIUM", DRAW.randrange(256), os.urandom(size_of("indicium_wish")))
            self.assertIn(status, EXPECTED)
        self.assertEqual(self.state(), before)

    def test_lengths(self):
        before = self.state()
        good = pack("indicium_wish", {"profile": P256, **NOTHING, **LETTER})
        for length in (*range(1, 30), *range(31, 60), 255, 256, 2000):
            status = self.printer.ask("CREATE_INDICIUM", POSTAGE, good.ljust(length, b"\0")[:length])[0]
            self.assertEqual(status, WRONG_LENGTH, length)
        self.assertEqual(self.printer.ask("CREATE_INDICIUM", POSTAGE)[0], WRONG_LENGTH)
        for name in ("WITHDRAWAL_INDICIUM", "REGISTRATION_TOKENS", "GET_LAST"):
            self.assertEqual(self.printer.ask(name, 0, b"x")[0], WRONG_LENGTH, name)
        for p2 in (1, 255):
            with self.assertRaises(CardRefused) as refusal:
                self.printer.card.command(COMMANDS["CREATE_INDICIUM"], POSTAGE, p2, good, 0x80)
            self.assertEqual(refusal.exception.status, WRONG_P2)
        for p1 in (0, 3, 4, 255):
            self.assertNotEqual(self.printer.ask("WITHDRAWAL_INDICIUM", p1)[0], DONE)
        self.assertEqual(self.state(), before)

    def test_limits(self):
        """Values at the ends of their fields, one after the other, for each kind and profile."""
        ends = {"date": (1, 19700101, 99991231, (1 << 32) - 1), "mail_class": (0, 8, 255), "zone": (1, 10, 255),
                "grams": (0, 58, 65535), "postage": (0, 729, 731, 1 << 24, 1 << 32, 1 << 40, 1 << 63, (1 << 64) - 1),
                "destination": (10 ** 11, (1 << 40) - 1)}
        for profile in (P256, DSA, COMPACT):
            for field, values in ends.items():
                for value in values:
                    self.assertFalse(self.judge(POSTAGE, {"profile": profile, **NOTHING, **LETTER, field: value}), field)
            for kind, good in ((CORRECTION, {"postage": 730}), (TEST, {})):
                for field in ("mail_class", "zone", "grams"):
                    self.assertFalse(self.judge(kind, {"profile": profile, **NOTHING, **good, field: 1}))
        for profile in (*range(0, 1), *range(4, 256, 7)):
            self.assertFalse(self.judge(TEST, {"profile": profile, **NOTHING}))
        for kind in range(WITHDRAWAL, 256, 5):
            self.assertEqual(self.printer.ask("CREATE_INDICIUM", kind, pack("indicium_wish", {"profile": P256, **NOTHING}))[0],
                             WRONG_P2)

    def test_power_goes(self):
        """After each answer that was lost the evidence is there, once, and so is its debit."""
        for _ in range(10):
            was = self.printer.registers()
            apdu = command("CREATE_INDICIUM", POSTAGE, pack("indicium_wish", {"profile": P256, **NOTHING, **LETTER}))
            self.printer.card._message(apdu)  # and its answer is never read
            self.printer.card.close()
            self.made.at.card = self.printer.card = CardSocket(self.made.path)
            self.made.begin()
            now = self.printer.registers()
            self.assertIn(now["piece_count"] - was["piece_count"], (0, 1))
            self.assertEqual(was["descending"] - now["descending"], 730 * (now["piece_count"] - was["piece_count"]))
            if now["piece_count"] > was["piece_count"]:
                head, _ = take("evidence_head", self.printer.done("GET_LAST"))
                self.assertEqual((head["piece_count"], head["postage"]), (now["piece_count"], 730))

    def test_without_the_pin(self):
        """Not in clear, not in a session of the provider, not once the PIN was wrong."""
        good = pack("indicium_wish", {"profile": P256, **NOTHING, **LETTER})
        before = self.state()
        self.printer.card.reset()
        self.assertEqual(self.printer.ask("CREATE_INDICIUM", POSTAGE, good)[0], NOT_ALLOWED)
        with self.assertRaises(CardRefused):
            self.printer.card.command(COMMANDS["VERIFY"], 0, 0x81, b"0000")
        self.assertEqual(self.printer.ask("CREATE_INDICIUM", POSTAGE, good)[0], NOT_ALLOWED)
        self.made.at.sign_on()
        self.assertEqual(self.made.at.command("CREATE_INDICIUM", POSTAGE, good)[0], NOT_ALLOWED)
        self.made.begin()
        self.assertEqual(self.state()[0:2] + self.state()[3:], before[0:2] + before[3:])


class Tables(unittest.TestCase):
    """Signed with the right key all the same: the key management system's mistake."""

    @classmethod
    def setUpClass(cls):
        cls.shop = Workshop()
        cls.made = Made(cls.shop, "card", rates=False)
        cls.version = 1

    @classmethod
    def tearDownClass(cls):
        cls.made.at.close()
        cls.shop.close()

    def held(self):
        return [self.object(tag) for tag in (RATES, NEXT, LOG)]

    def object(self, tag):
        try:
            return self.made.printer.object(tag)
        except CardRefused as refused:
            self.assertEqual(refused.status, ABSENT)
            return None

    def load(self, data):
        """Loaded if and only if it makes sense, is for this country, new and not over."""
        before, status = self.held(), self.made.printer.ask("LOAD_RATES", 0, sign_rates(data, self.shop.kms.pair))[0]
        head = makes_sense(data)
        if not head or head["country"] != b"US":
            self.assertIn(status, (WRONG_DATA, WRONG_LENGTH), data.hex())
        elif head["version"] <= self.version or head["expiry"] <= date_of():
            self.assertEqual(status, NOT_NOW, head)
        else:
            self.assertEqual(status, DONE, data.hex())
            self.version = type(self).version = head["version"]
            return True
        self.assertEqual(self.held(), before)
        return False

    def test_good_ones_changed(self):
        self.load(table(2).bytes())
        loaded = 0
        for number in range(3, 350):
            data = bytearray(table(self.version + 1, DRAW.choice((-1, 3))).bytes())
            for _ in range(DRAW.choice((1, 1, 2, 4))):
                at = DRAW.choice((DRAW.randrange(25), DRAW.randrange(len(data)), 25 + 64 + DRAW.randrange(len(data) - 89)))
                data[at] = DRAW.choice((data[at] ^ 1 << DRAW.randrange(8), 0, 255, DRAW.randrange(256)))
            if int.from_bytes(data[7:11], "big") < self.version + 1000:  # not to use the versions up
                loaded += self.load(bytes(data))
        self.assertGreater(loaded, 20)

    def test_lengths(self):
        good = table(self.version + 1).bytes()
        for length in (*range(0, len(good), 9), len(good) - 1):
            self.assertFalse(self.load(good[:length]) if length else False)
        for more in (1, 5, 7, 300):
            self.assertFalse(self.load(good + bytes(more)))
        self.assertTrue(self.load(good))

    def test_unsigned(self):
        before = self.held()
        good = table(self.version + 1).bytes()
        for signature in (bytes(64), b"\xff" * 64, b"\0" * 31 + b"\1" + b"\0" * 31 + b"\1", os.urandom(64)):
            self.assertEqual(self.made.printer.ask("LOAD_RATES", 0, good + signature)[0], NOT_AUTHENTIC)
        for _ in range(40):
            data = os.urandom(DRAW.randrange(160, 1900))
            self.assertEqual(self.made.printer.ask("LOAD_RATES", 0, data)[0], NOT_AUTHENTIC)
        self.assertEqual(self.held(), before)

    def test_most_of_everything(self):
        """The largest postage, weight and numbers there are; and a card that prints with them."""
        rates = Rates(self.version + 1, 19700101, 99991231, [(FIRST, 0, 65535, 0xFFFFFF), (CARD, 0, 1, 1),
                                                             (PRIORITY, 9, 65535, 1)],
                      999, [(0, 999, 9)], services={"payment": (1 << 64) - 1})
        self.assertTrue(self.load(rates.bytes()))
        printer = self.made.begin()
        self.assertEqual(printer.refused(P256, mail_class=FIRST, grams=65535, postage=0xFFFFFF), WRONG_DATA)
        self.assertEqual(printer.create(P256, mail_class=CARD, grams=1, postage=1)[0]["postage"], 1)
        self.assertEqual(unpack("service_rates", printer.object(0xDF40))["payment"], (1 << 64) - 1)


if __name__ == "__main__":
    unittest.main()
