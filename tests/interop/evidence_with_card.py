#!/usr/bin/python3
"""Evidence of postage by a real card: every byte of it computed again, and looked at by psd-verify with a folder that Python
wrote."""

import datetime
import unittest

import psd_crypto as crypto
from psd_evidence import (CARD, COMPACT, CORRECTION, DSA, P256, POSTAGE, PRIORITY, REDATE, TEST, WITHDRAWAL,
                          addressee, read_rates, registration_token)
from psd_funds import ABSENT, DONE, NOT_NOW, WRONG_DATA
from psd_layout import take, unpack
from psd_made import WithCard, table
from psd_printer import LETTER, NEXT_RATES
from psd_site import date_of, line_of, now
from psd_world import LICENCE, ZIP

PROFILES = (P256, DSA, COMPACT)
NO_PROFILE, WRONG_P1 = 0x6A81, 0x6A86
ADDRESS = "Anna  Example\n12 Main St.\r\nSpringfield "


class Indicia(WithCard):
    def every_kind(self, order):
        """Of each profile; and a site accepts what is good for mail, with both tokens, and nothing else."""
        made, digest, lines = self.made(order), addressee(ADDRESS), []

        def add(profile, kind=POSTAGE, **asked):
            indicium = self.make(made, profile, kind, **asked, addressee=digest)
            head, _ = take("evidence_head", made.printer.done("GET_LAST"))
            lines.append(line_of(indicium, "anna example 12 main ST. springfield", f"{head['vendor_token']:05}",
                                 f"{head['postal_token']:05}"))
        for profile in PROFILES:
            known = None if profile == COMPACT else table()
            add(profile, rates=known, row=0, **LETTER)
            add(profile, rates=known, row=5, mail_class=PRIORITY, grams=455, postage=9990, destination=10001000000)
            add(profile, CORRECTION, postage=1, destination=99999999999)
            add(profile, REDATE, destination=len(lines))
            add(profile, TEST)
        found = self.site(made).judge(lines)
        self.assertEqual([said["reason"] for said in found], ["", "", "", "", "kind"] * 3, found)

    def test_day_first(self):
        self.every_kind("day")

    def test_meter_first(self):
        self.every_kind("meter")

    def test_tools(self):
        """The same by psd: its bytes are right, and its pictures are read by psd-verify."""
        made = self.made()
        site, path = self.site(made), self.shop.bench.path
        file = path("table.rates")
        with open(file, "wb") as out:
            out.write(table(2, 1, 30, 800).signed(self.shop.kms.pair))
        made.tool("rates", "update", file)
        self.assertEqual(read_rates(made.printer.object(NEXT_RATES), crypto.point(self.shop.kms.pair)).head["version"], 2)
        for profile, name, symbology in ((P256, "p256", "datamatrix"), (DSA, "dsa", "pdf417"), (COMPACT, "compact",
                                                                                             "datamatrix")):
            raw, picture = path(name + ".raw"), path(name + ".png")
            made.tool("indicium", "--class", "first", "--weight", "28g", "--profile", name, "--raw", raw, "-o",
                      picture, "--symbology", symbology, "--addressee", ADDRESS)
            with open(raw, "rb") as file:
                indicium = file.read()
            head, last = take("evidence_head", made.printer.done("GET_LAST"))
            self.assertEqual(last, indicium)
            self.assertEqual(made.expected.check(head, indicium, made.printer.registers(), POSTAGE, profile,
                                                 {**LETTER, "addressee": addressee(ADDRESS)},
                                                 None if profile == COMPACT else table().hash(), 0), [])
            done = site.run("indicium", "--no-remember", "--addressee", ADDRESS, "--vendor-token",
                            f"{head['vendor_token']:05}", "--postal-token", f"{head['postal_token']:05}", picture)
            self.assertEqual((done.returncode, done.stderr), (0, b""), done.stdout.decode())

    def test_withdrawal(self):
        made = self.made()
        self.assertEqual(made.printer.ask("WITHDRAWAL_INDICIUM", P256)[0], NOT_NOW)
        made.at.sign_on()
        status, request = made.at.start("INITIALIZE_WITHDRAWAL", 20000)
        self.assertEqual(status, DONE)
        made.at.done("COMPLETE_WITHDRAWAL", data=made.at.authorized(request))
        made.begin()
        self.assertEqual(made.printer.ask("WITHDRAWAL_INDICIUM", COMPACT)[0], NO_PROFILE)
        answer = made.printer.done("WITHDRAWAL_INDICIUM", DSA)
        head, indicium = take("evidence_head", answer)
        self.assertEqual(made.expected.check(head, indicium, made.printer.registers(), WITHDRAWAL, DSA,
                                             {"destination": 20000}), [])
        self.assertEqual(made.printer.done("WITHDRAWAL_INDICIUM", DSA), answer)
        self.assertEqual(made.printer.ask("WITHDRAWAL_INDICIUM", P256)[0], NOT_NOW)
        self.assertEqual(self.site(made).judge([line_of(indicium)])[0]["result"], "refused")

    def test_registration(self):
        for order in ("day", "meter"):
            made = self.made(order)
            said = unpack("registration_tokens", made.printer.done("REGISTRATION_TOKENS"))
            values = {**made.device, "zip": ZIP, "licence": LICENCE}
            tokens = {f"{name}_token": registration_token(final(0), values) for name, final in made.finals.items()}
            self.assertEqual(said, {"zip": ZIP, "licence": LICENCE, "vendor_set": 1, "postal_set": 1, **tokens})

    def test_digits(self):
        for digits in range(2, 9):
            self.make(self.made(digits=digits), COMPACT, row=0, **LETTER)

    def test_dates_ahead(self):
        """The table of the date of mailing counts."""
        made = self.made()
        dear = table(2, 5, 15, 800)
        made.load(dear)
        for days, rates, postage in ((4, table(), 730), (5, dear, 800), (14, dear, 800), (0, table(), 730)):
            for profile in PROFILES:
                asked = {**LETTER, "date": date_of(days), "postage": postage}
                self.make(made, profile, rates=None if profile == COMPACT else rates, row=0, **asked)
        self.assertEqual([made.printer.refused(P256, **{**LETTER, "date": date}) for date in
                          (date_of(5), date_of(15), date_of(-1), date_of(31), 20260230, 99999999)],
                         [WRONG_DATA, ABSENT, WRONG_DATA, WRONG_DATA, WRONG_DATA, WRONG_DATA])

    def test_local_time(self):
        """14 hours ahead of UTC, or behind it."""
        for offset in ("+14:00", "-12:00", "+05:45"):
            made = self.made(evidence_offset=offset)
            hours, minutes = offset[1:].split(":")
            ahead = datetime.timedelta(hours=int(hours), minutes=int(minutes)) * (1 if offset[0] == "+" else -1)
            days = [int((now() + ahead).strftime("%Y%m%d"))]
            head, _ = made.printer.create(P256, TEST)
            days.append(int((now() + ahead).strftime("%Y%m%d")))
            self.assertIn(head["date"], days)
            self.assertLess(abs(head["time"] - now().timestamp()), 60)


class Refused(WithCard):
    def test_in_their_order(self):
        """Each reason of the document, and nothing is debited for any."""
        made = self.made(maximum_postage=5, minimum_postage="0.60", evidence_profiles="dsa,p256")
        before = made.printer.registers()
        for status, kind, more in (
                (NO_PROFILE, POSTAGE, {"profile": COMPACT, **LETTER}), (NO_PROFILE, POSTAGE, {"profile": 0, **LETTER}),
                (NO_PROFILE, TEST, {"profile": 255}),
                (WRONG_DATA, POSTAGE, {**LETTER, "postage": 729}), (WRONG_DATA, POSTAGE, {**LETTER, "grams": 29}),
                (WRONG_DATA, POSTAGE, {**LETTER, "grams": 0}), (WRONG_DATA, POSTAGE, {**LETTER, "zone": 1}),
                (WRONG_DATA, POSTAGE, {**LETTER, "mail_class": 2}), (WRONG_DATA, POSTAGE, {**LETTER, "mail_class": 0}),
                (WRONG_DATA, POSTAGE, {**LETTER, "destination": 10 ** 11}),
                (WRONG_DATA, POSTAGE, {"mail_class": PRIORITY, "grams": 1, "postage": 9350, "zone": 1}),  # its limits
                (WRONG_DATA, POSTAGE, {"mail_class": CARD, "grams": 10, "postage": 560}),
                (WRONG_DATA, CORRECTION, {"postage": 0}), (WRONG_DATA, CORRECTION, {"postage": 5001}),
                (WRONG_DATA, CORRECTION, {"postage": 1 << 63}), (WRONG_DATA, CORRECTION, {"postage": 1, "grams": 1}),
                (WRONG_DATA, TEST, {"postage": 1}), (WRONG_DATA, TEST, {"destination": 1}),
                (WRONG_DATA, TEST, {"mail_class": 1}), (WRONG_DATA, REDATE, {"postage": 1, "destination": 1}),
                (NOT_NOW, REDATE, {"destination": 1}), (WRONG_P1, 4, {}), (WRONG_P1, 255, {})):
            asked = {"profile": P256, **more}
            self.assertEqual(f"{made.printer.refused(kind=kind, **asked):04X}", f"{status:04X}", (kind, more))
        self.assertEqual(made.printer.registers(), before)
        self.assertEqual(made.printer.ask("GET_LAST")[0], ABSENT)
        self.make(made, P256, rates=table(), row=0, **LETTER)

    def test_redates(self):
        made = self.made()
        for _ in range(3):
            self.make(made, COMPACT, row=0, **LETTER)
        self.assertEqual([made.printer.refused(P256, REDATE, destination=piece) for piece in (0, 4)], [NOT_NOW] * 2)
        self.make(made, P256, REDATE, destination=2)
        self.assertEqual([made.printer.refused(P256, REDATE, destination=piece) for piece in (1, 2)], [NOT_NOW] * 2)
        self.make(made, DSA, REDATE, destination=3)

    def test_funds(self):
        made = self.made(maximum_postage=500)
        left = made.printer.registers()["descending"]
        self.make(made, P256, CORRECTION, postage=left - 729)
        self.assertEqual(made.printer.refused(P256, **LETTER), NOT_NOW)
        self.make(made, P256, CORRECTION, postage=729)
        self.assertEqual(made.printer.refused(P256, CORRECTION, postage=1), NOT_NOW)
        self.make(made, P256, TEST)

    def test_without(self):
        """No PIN; no rate table."""
        made = self.made(rates=False)
        self.assertEqual(made.printer.refused(P256, **LETTER), ABSENT)
        self.make(made, P256, CORRECTION, postage=730)
        made.at.card.reset()
        for name, p1 in (("CREATE_INDICIUM", 0), ("GET_LAST", 0), ("WITHDRAWAL_INDICIUM", 2), ("REGISTRATION_TOKENS", 0)):
            data = bytes(30) if name == "CREATE_INDICIUM" else b""
            self.assertEqual(made.printer.ask(name, p1, data)[0], 0x6982, name)
        self.assertEqual(made.printer.ask("LOAD_RATES", 0, table().signed(self.shop.kms.pair))[0], 0x6982)


if __name__ == "__main__":
    unittest.main()
