#!/usr/bin/python3
"""Computes every value of the recorded evidence (transcripts/evidence*.txt) from the secrets there, as docs/evidence.md says:
no card is asked. Of an answer only a signature is verified and not made again."""

import datetime
import unittest

import psd_crypto as crypto
from psd_dsa import dsa_pair, dsa_point
from psd_evidence import (COMPACT, DSA, INDICIUM, IN_COMPACT, POSTAGE, UNRATED, WITHDRAWAL, Rates, category,
                          compact_mac, holds, key_held, maker_of, registration_token, token)
from psd_layout import KINDS, PROFILES, pack, size_of, take, unpack
from recorded import read

WITHDRAWN = 4000
PIECES = ("letter", "parcel", "redate", "correction", "test")
AMOUNTS = {"letter": 730, "parcel": 12500, "redate": 0, "correction": 1, "test": 0}


def rates_of(table):
    """Without its signature, which is not recorded."""
    head, rest = take("rate_table", table)
    services, rest = take("service_rates", rest)
    size = size_of("zone_row") * head["zones"]
    zones = [tuple(unpack("zone_row", rest[at:at + 5]).values()) for at in range(0, size, 5)]
    rows = [tuple(unpack("rate_row", rest[at:at + 7]).values()) for at in range(size, len(rest), 7)]
    return Rates(head["version"], head["effective"], head["expiry"], rows, head["origin"], zones, head["country"], services)


class Card:
    """A card in Python with what a transcript says of it; `answer` is what it answers, up to its signature."""

    def __init__(self, values):
        self.device_bytes, self.device = values["device"], unpack("device_id", values["device"])
        self.licence, self.time = unpack("licence", values["licence"]), unpack("clock", values["clock"])["now"]
        self.registers = unpack("registers", values["registers"])
        self.keys = {name: unpack("token_key", values[name + "_token_key"]) for name in ("vendor", "postal")}
        self.point = crypto.point(crypto.secret_key(values["pair"]))
        self.y = dsa_point(dsa_pair(int.from_bytes(values["dsa"], "big")))
        self.rates = rates_of(values["rate_table"])
        version = bytes.fromhex("a003020102" "0204")  # of the certificate its serial number counts, which is behind it
        at = values["certificate"].index(version) + len(version)
        self.certificate = int.from_bytes(values["certificate"][at:at + 4], "big")

    def today(self):
        return int(datetime.datetime.fromtimestamp(self.time, datetime.timezone.utc).strftime("%Y%m%d"))

    def final(self, domain, date):
        return key_held(self.keys[domain], self.device_bytes, date)

    def registration(self):
        values = {**self.device, "zip": self.licence["zip"], "licence": self.licence["number"]}
        tokens = {f"{name}_{field}": value for name, key in self.keys.items() for field, value in
                  (("set", key["set"]), ("token", registration_token(self.final(name, 0), values)))}
        return pack("registration_tokens", {"zip": values["zip"], "licence": values["licence"], **tokens})

    def answer(self, kind, wish):
        """Debits, counts and says it: head and what is signed of the indicium."""
        date, postage, registers = wish["date"] or self.today(), wish["postage"], self.registers
        row = UNRATED
        if kind == POSTAGE:
            row, price = self.rates.find(wish["mail_class"], wish["grams"], wish["zone"], self.licence["zip"],
                                         wish["destination"])
            if price != postage:
                raise ValueError("another postage than the table's")
        registers["ascending"] += postage
        registers["descending"] -= postage
        registers["piece_count"] += 1
        told = {**{name: registers[name] for name in ("ascending", "descending", "piece_count")}, "postage": postage,
                "date": date, "destination": wish["destination"]}
        return self.head(kind, wish, told) + self.text(kind, wish, told, row)

    def head(self, kind, wish, told):
        values = {**self.device, "postage": told["postage"], "date": told["date"], "piece_count": told["piece_count"],
                  "addressee": wish["addressee"]}
        tokens = {f"{name}_{field}": value for name, key in self.keys.items() for field, value in
                  (("digits", key["digits"]), ("token", token(self.final(name, told["date"]), key["digits"], values)))}
        return pack("evidence_head", {"kind": kind, "profile": wish["profile"], "time": self.time,
                                      "mail_class": wish["mail_class"], **told, **tokens})

    def text(self, kind, wish, told, row):
        if wish["profile"] == COMPACT:
            text = pack("compact_indicium", {"version": IN_COMPACT, "piece_count": told["piece_count"],
                                             "maker": maker_of(self.device_bytes), "postage": told["postage"],
                                             "serial": self.device["serial"] & 0xFFFFFF,
                                             "category": category(kind, row)})
            return text + compact_mac(self.final("postal", told["date"]), text)
        return pack("indicium", {"version": INDICIUM, "algorithm": wish["profile"], "certificate": self.certificate,
                                 "zip": self.licence["zip"], "category": category(kind, row),
                                 "rates": bytes(4) if row == UNRATED else self.rates.hash(), **self.device, **told})


class Recorded(unittest.TestCase):
    def same(self, card, said, answer):
        """Byte for byte, but for a signature of the PSD's pairs, which is right."""
        self.assertEqual(answer[:len(said)], said)
        head, indicium = take("evidence_head", answer)
        self.assertEqual(len(indicium), {number: size for number, size, _ in PROFILES.values()}[head["profile"]])
        self.assertTrue(holds(indicium, card.point, card.y, card.final("postal", head["date"])))
        for bit in range(0, 8 * len(indicium), 5):
            changed = bytearray(indicium)
            changed[bit // 8] ^= 0x80 >> bit % 8
            if changed[:2] == indicium[:2]:  # another version or profile is no indicium of this length
                self.assertFalse(holds(bytes(changed), card.point, card.y, card.final("postal", head["date"])), bit)

    def check(self, name):
        values = read(name)
        card = Card(values)
        self.assertEqual(card.registration(), values["registration_answer"])
        for profile in ("p256", "dsa", "compact"):
            for piece in PIECES:
                asked, answer = values[f"{profile}_{piece}_kind_and_wish"], values[f"{profile}_{piece}_answer"]
                wish = unpack("indicium_wish", asked[1:])
                self.assertEqual((asked[0], wish["postage"]), (KINDS.get(piece.upper(), POSTAGE), AMOUNTS[piece]))
                self.same(card, card.answer(asked[0], wish), answer)
        wish = {"profile": DSA, "date": 0, "mail_class": 0, "zone": 0, "grams": 0, "postage": 0,
                "destination": WITHDRAWN, "addressee": bytes(8)}
        self.same(card, card.answer(WITHDRAWAL, wish), values["withdrawal_answer"])
        registers = card.registers
        self.assertEqual(registers["ascending"] + registers["descending"], registers["control_total"])

    def test_day_first(self):
        self.check("evidence.txt")

    def test_meter_first(self):
        self.check("evidence-meter-first.txt")


if __name__ == "__main__":
    unittest.main()
