#!/usr/bin/python3
"""Indicia that nobody but Python has made, with a CA, keys and a rate table of its own: psd-verify accepts them, and none of
them with a bit changed."""

import unittest

from cryptography.hazmat.primitives.serialization import Encoding

from psd_evidence import (BY_METER, COMPACT, CORRECTION, DSA, FIRST, P256, POSTAL, PRIORITY, REDATE, TEST, VENDOR,
                          WITHDRAWAL, Rates, addressee, day_table, final_key, of_day, token)
from psd_programs import Bench
from psd_site import Site, date_of, line_of

PROFILES = (P256, DSA, COMPACT)
ADDRESS = "Anna Example\n12  Main St.\tSpringfield"
TABLE = Rates(3, date_of(-30), date_of(30), [(FIRST, 0, 28, 730), (FIRST, 0, 57, 1010), (PRIORITY, 1, 454, 9350)],
              origin=500, zones=[(0, 99, 1), (900, 999, 1)])


def flip(message, bit):
    changed = bytearray(message)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


class Own(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.addCleanup(self.bench.close)
        self.site = Site(self.bench.path("site"))
        self.site.rates(TABLE)
        self.site.day()
        self.site.put("crl/ca.pem", self.crl(99))
        self.site.put("meters.csv", b"PS,D1,0000002A,100.00,1000\n")
        self.psd = self.site.psd()

    def crl(self, *numbers):
        return self.site.authority.revoke(*numbers).public_bytes(Encoding.PEM)

    def letter(self, profile, piece=5, **more):
        return self.psd.make(profile, piece, 730, TABLE, 0, **more)

    def found(self, indicia, *options):
        return [(said["result"], said["reason"]) for said in
                self.site.judge([line_of(indicium) for indicium in indicia], *options)]

    def test_accepted(self):
        digest = addressee(ADDRESS)
        for digits in range(2, 9):
            vendor, postal = self.psd.tokens_of(5, 730, digits=digits, addressed=digest)
            lines = [line_of(self.letter(profile), "anna EXAMPLE 12 Main St. Springfield ", vendor, postal)
                     for profile in PROFILES]
            for said in self.site.judge(lines):
                self.assertEqual((said["result"], said["piece_count"], said["postage"], said["psd"]),
                                 ("accepted", "5", "0.73", "PS D1 0000002A"), said)

    def test_kinds(self):
        made = [self.psd.make(profile, 5 + kind, postage, kind=kind, **({"destination": 3} if kind == REDATE
                                                                       and profile != COMPACT else {}))
                for profile in PROFILES for kind, postage in ((REDATE, 0), (CORRECTION, 17), (TEST, 0))]
        made += [self.psd.make(profile, 9, 0, kind=WITHDRAWAL) for profile in (P256, DSA)]
        good, bad = ("accepted", ""), ("refused", "kind")
        self.assertEqual(self.found(made), [good, good, bad] * 3 + [bad, bad])

    def test_every_bit(self):
        """All bits of 113, 89 and 20 bytes, in one process each."""
        for profile, size in ((P256, 113), (DSA, 89), (COMPACT, 20)):
            good = self.letter(profile)
            self.assertEqual(len(good), size)
            found = self.found([good] + [flip(good, bit) for bit in range(8 * size)] + [good])
            self.assertEqual((found[0], found[-1]), (("accepted", ""),) * 2)
            self.assertEqual({result for result, _ in found[1:-1]}, {"refused"})
            self.assertEqual(len(found), 8 * size + 2)

    def test_every_length(self):
        for profile in PROFILES:
            good = self.letter(profile)
            made = [good[:length] for length in range(1, len(good))] + [good + bytes(more) for more in range(1, 25)]
            found = self.site.judge([line_of(indicium) for indicium in made])
            self.assertEqual({said["result"] for said in found}, {"refused"})
            self.assertEqual(len(found), len(made))

    def test_what_signs_right_and_is_wrong(self):
        """The PSD's own signature under each thing that a site finds wrong."""
        other = Rates(9, date_of(-30), date_of(30), [(FIRST, 0, 28, 1)])
        old = Rates(2, date_of(-90), date_of(-60), [(FIRST, 0, 28, 730)])
        self.site.rates(old)
        for profile in (P256, DSA):
            def make(postage=730, rates=TABLE, row=0, profile=profile, **more):
                return self.psd.make(profile, 5, postage, rates, row, **more)
            cases = [(make(731), "rate"), (make(row=1), "rate"), (make(row=3), "rate"), (make(rates=old), "rate"),
                     (make(ascending=729, descending=99271), "registers"), (make(descending=1), "registers"),
                     (make(certificate=8), "certificate"), (make(serial=0x2B), "certificate"),
                     (make(vendor=b"QS"), "certificate"), (make(date=20260230), "form"), (make(date=0), "form"),
                     (make(date=date_of(-15)), "date"), (make(date=date_of(31)), "date"),
                     (make(date=date_of(-800)), "certificate"), (make(category=5 << 13 | 8191), "form"),
                     (self.psd.make(profile, 5, 730, kind=CORRECTION, category=CORRECTION << 13), "rate"),
                     (self.psd.make(profile, 5, 730, kind=REDATE, destination=3), "rate"),
                     (self.psd.make(profile, 5, 0, kind=CORRECTION), "rate")]
            found = self.found([indicium for indicium, _ in cases])
            self.assertEqual(found, [("refused", reason) for _, reason in cases])
            self.assertEqual(self.found([make(rates=other)]), [("accepted", "")])  # a table nobody knows: unknown
        # A compact one says nothing of its table: another postage may be that of a table nobody has told the site.
        self.assertEqual(self.found([self.psd.make(COMPACT, 5, 12345, row=0)]), [("accepted", "")])

    def test_tokens(self):
        """Each token alone, and each digit of it changed; the addressee's too."""
        good = self.letter(P256)
        pair = self.psd.tokens_of(5, 730, digits=8)
        lines = []
        for which in (0, 1):
            for at in range(8):
                wrong = list(pair)
                wrong[which] = pair[which][:at] + str((int(pair[which][at]) + 1) % 10) + pair[which][at + 1:]
                lines.append(line_of(good, "", *wrong))
        lines += [line_of(good, "", pair[1], pair[0]), line_of(good, "somebody", *pair)]
        self.assertEqual({(said["result"], said["reason"]) for said in self.site.judge(lines)}, {("refused", "tokens")})
        self.assertEqual([said["result"] for said in self.site.judge(
            [line_of(good, "", *pair), line_of(good, "", pair[0]), line_of(good, "", "", pair[1])])], ["accepted"] * 3)

    def test_orders_of_tokens(self):
        """Tokens of the other order are right where the table of the meters' keys is there, and else are not."""
        date = date_of()
        values = {"vendor": b"PS", "model": b"D1", "serial": 0x2A, "postage": 730, "date": date, "piece_count": 5,
                  "addressee": bytes(8)}
        finals = {domain: final_key(BY_METER, self.site.tokens.k_pred(domain, self.psd.device), self.psd.device, date)
                  for domain in (VENDOR, POSTAL)}
        words = [f"{token(finals[domain], 5, values):05}" for domain in (VENDOR, POSTAL)]
        line = line_of(self.letter(P256), "", *words)
        self.assertEqual(self.site.judge([line])[0]["reason"], "tokens")
        for domain, final in finals.items():
            rows = {self.psd.device: final, b"PSD1\0\0\0\x01": of_day(bytes(16), 1)}
            self.site.put(f"days/m-{domain}.day",
                          day_table(self.site.table_pairs[domain], domain, 1, date, rows, BY_METER))
        self.assertEqual(self.site.judge([line])[0]["result"], "accepted")

    def test_compact_finds_its_day(self):
        self.site.day(date_of(3), date_of(-5))
        made = [self.letter(COMPACT, date=date_of(days)) for days in (0, 3, -5, 1)]
        found = self.site.judge([line_of(indicium) for indicium in made])
        self.assertEqual([said["reason"] for said in found], ["", "date", "", "signature"])  # the second is to come
        days = [f"{date_of(days)}" for days in (0, 3, -5)]
        self.assertEqual([said["date"].replace("-", "") for said in found[:3]], days)

    def test_revoked(self):
        self.site.put("crl/ca.pem", self.crl(7))
        self.assertEqual(self.found([self.letter(P256), self.letter(DSA)]), [("refused", "revocation")] * 2)

    def test_duplicates(self):
        db = ("--db", "sqlite:" + self.bench.path("seen.db"))
        one, two = self.letter(P256), self.letter(COMPACT)
        forged = flip(self.letter(P256, 6), 8 * 49 + 3)
        self.assertEqual(self.found([forged, one, two, one, self.letter(P256, 6, ascending=1460, descending=98540)], *db), [
            ("refused", "signature"), ("accepted", ""), ("refused", "duplicate"), ("refused", "duplicate"), ("accepted", "")])
        self.assertEqual(self.found([one], *db), [("refused", "duplicate")])


if __name__ == "__main__":
    unittest.main()
