#!/usr/bin/python3
"""Funds and orders: the meter server and the key management system in Python, with the real card."""

import os
import unittest

import psd_crypto as crypto
from psd_funds import (ABSENT, CANCELLED, DONE, LOADED, LOADING, NOT_AUTHENTIC, NOT_NOW, WITHDRAWING, WITHDRAWN,
                       WRONG_DATA, WRONG_P1)
from psd_layout import STATES, pack, size_of, unpack
from psd_world import LICENCE, ZIP, Provider, Workshop, certificate

POSTAGE, CERTIFICATES, LIMITS, WATCHDOG, CLOCK, LICENCE_TAG = 0xDF23, 0xDF24, 0xDF26, 0xDF27 + 1, 0xDF27, 0xDF29
REFILL, OPERATION, CERTIFICATE = 0xDF2D, 0xDF3F, 0xDF2A


class Real(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = Workshop()
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    def provider(self, *more, **profile):
        """A card in operation."""
        type(self).count += 1
        at = Provider(self.shop.kms, self.shop.make(f"{type(self).__name__}{self.count}", *more, **profile))
        self.addCleanup(at.close)
        return at.authorize()

    def registers(self, at, group=0):
        return unpack("registers", at.object((POSTAGE, CERTIFICATES)[group]))


class Funds(Real):
    def started(self, at, amount, name="INITIALIZE_LOAD", **more):
        status, request = at.start(name, amount, **more)
        self.assertEqual(status, DONE)
        return request

    def test_refill(self):
        for more in ((), ("--key-pair",)):
            at = self.provider(*more)
            nonce = os.urandom(16)
            request = self.started(at, 50000, group=1, nonce=nonce)
            said = unpack("funds_request", request[:size_of("funds_request")])
            self.assertEqual({name: said[name] for name in ("type", "operation", "group", "final", "sequence", "amount",
                                                            "control_total", "nonce")},
                             {"type": 2 if more else 1, "operation": LOADING, "group": 1, "final": 0, "sequence": 1,
                              "amount": 50000, "control_total": 0, "nonce": nonce})
            for amount, group in ((50000, 1), (60000, 0), (0, 7)):
                self.assertEqual(at.start("INITIALIZE_LOAD", amount, group), (DONE, request))
            at.reset()
            audit = at.sign_on()
            self.assertEqual((audit["operation"], audit["group"], audit["sequence"], audit["operation_amount"]),
                             (LOADING, 1, 1, 50000))
            self.assertEqual(at.start("INITIALIZE_LOAD", 50000, 1), (DONE, request))
            self.assertEqual(at.done("GET_LAST", 1), request)
            authorized = at.authorized(request)
            receipt = at.done("CREDIT", data=authorized)
            said = self.shop.kms.receipt(receipt)
            self.assertEqual((said["operation"], said["sequence"], said["amount"], said["control_total"]),
                             (LOADED, 1, 50000, 50000))
            self.assertEqual(self.registers(at, 1), {"ascending": 0, "descending": 50000, "control_total": 50000,
                                                     "piece_count": 0})
            self.assertEqual(unpack("refill", at.object(REFILL)), {"sequence": 1, "amount": 50000})
            at.reset()
            at.sign_on()
            self.assertEqual((at.done("CREDIT", data=authorized), at.done("GET_LAST", 1)), (receipt, receipt))
            self.assertEqual(at.load(60000)["sequence"], 2)
            self.assertEqual(at.command("CREDIT", data=authorized)[0], NOT_NOW)

    def test_watchdog_starts_anew(self):
        at = self.provider()
        before = unpack("watchdog", at.object(WATCHDOG))["inspected"]
        at.load(50000)
        self.assertGreaterEqual(unpack("watchdog", at.object(WATCHDOG))["inspected"], before)

    def test_cancellation(self):
        at = self.provider()
        request = self.started(at, 50000)
        self.assertEqual(at.command("CANCEL_LOAD", data=bytes([0, 0, 0, 2]))[0], WRONG_DATA)
        receipt = at.done("CANCEL_LOAD", data=bytes([0, 0, 0, 1]))
        said = self.shop.kms.receipt(receipt)
        self.assertEqual((said["operation"], said["sequence"], said["amount"], said["control_total"]),
                         (CANCELLED, 1, 50000, 0))
        self.assertEqual(at.done("CANCEL_LOAD", data=bytes([0, 0, 0, 1])), receipt)
        self.assertEqual(at.command("CANCEL_LOAD", data=bytes([0, 0, 0, 2]))[0], NOT_NOW)
        self.assertEqual(at.command("CREDIT", data=at.authorized(request))[0], NOT_NOW)
        self.assertEqual(at.sign_on()["operation"], CANCELLED)
        self.assertEqual(at.load(50000)["sequence"], 2)
        self.assertEqual(at.command("CANCEL_LOAD", data=bytes([0, 0, 0, 1]))[0], NOT_NOW)

    def test_withdrawal(self):
        for more in ((), ("--key-pair",)):
            at = self.provider(*more)
            at.load(50000)
            request = self.started(at, 20000, "INITIALIZE_WITHDRAWAL")
            said = unpack("funds_request", request[:size_of("funds_request")])
            self.assertEqual((said["operation"], said["sequence"], said["amount"], said["descending"],
                              said["control_total"]), (WITHDRAWING, 2, 20000, 30000, 30000))
            self.assertEqual(self.registers(at)["descending"], 30000)
            self.assertEqual(at.start("INITIALIZE_WITHDRAWAL", 1), (DONE, request))
            self.assertEqual(at.start("INITIALIZE_LOAD", 50000)[0], NOT_NOW)
            self.assertEqual(at.command("CANCEL_LOAD", data=bytes([0, 0, 0, 2]))[0], NOT_NOW)
            at.reset()
            self.assertEqual(at.sign_on()["operation"], WITHDRAWING)
            self.assertEqual(at.done("GET_LAST", 1), request)
            authorized = at.authorized(request)
            receipt = at.done("COMPLETE_WITHDRAWAL", data=authorized)
            said = self.shop.kms.receipt(receipt)
            self.assertEqual((said["operation"], said["sequence"], said["control_total"]), (WITHDRAWN, 2, 30000))
            self.assertEqual(at.done("COMPLETE_WITHDRAWAL", data=authorized), receipt)
            self.assertEqual(at.sign_on()["state"], STATES["OPERATIONAL"])

    def test_final_withdrawal(self):
        at = self.provider()
        at.load(50000)
        at.load(6000, 1)
        for amount in (50000, 49999, 0):
            self.assertEqual(at.start("INITIALIZE_WITHDRAWAL", amount, final=1)[0], NOT_NOW)
        for group, amount, final in ((1, 6000, 0), (0, 50000, 1)):
            request = self.started(at, amount, "INITIALIZE_WITHDRAWAL", group=group, final=final)
            at.done("COMPLETE_WITHDRAWAL", data=at.authorized(request))
        self.assertEqual(unpack("life_cycle", at.object(0xDF22))["state"], STATES["WITHDRAWN"])
        self.assertEqual(at.start("INITIALIZE_LOAD", 50000)[0], NOT_NOW)
        self.assertEqual(at.sign_on()["state"], STATES["WITHDRAWN"])
        self.assertEqual(at.order("ENABLE"), NOT_NOW)
        self.assertEqual(at.order("ZEROIZE"), DONE)
        self.assertEqual(unpack("life_cycle", at.object(0xDF22))["state"], STATES["ZEROIZED"])

    def test_final_withdrawal_of_nothing(self):
        at = self.provider()
        request = self.started(at, 0, "INITIALIZE_WITHDRAWAL", final=1)
        at.done("COMPLETE_WITHDRAWAL", data=at.authorized(request))
        self.assertEqual(at.sign_on()["state"], STATES["WITHDRAWN"])

    def test_refused_at_the_start(self):
        at = self.provider(maximum_postage=100, minimum_refill=5, maximum_refill=500, maximum_descending=700)
        self.assertEqual(at.command("GET_LAST", 1)[0], ABSENT)
        for amount in (0, 4999, 500001, 1 << 63, (1 << 64) - 1):
            self.assertEqual(at.start("INITIALIZE_LOAD", amount)[0], WRONG_DATA, amount)
        self.assertEqual(at.start("INITIALIZE_LOAD", 50000, 2)[0], WRONG_P1)
        self.assertEqual(at.start("INITIALIZE_LOAD", 50000, final=1)[0], WRONG_DATA)
        self.assertEqual(at.start("INITIALIZE_WITHDRAWAL", 0)[0], WRONG_DATA)
        self.assertEqual(at.start("INITIALIZE_WITHDRAWAL", 1)[0], WRONG_DATA)
        self.assertEqual(at.start("INITIALIZE_WITHDRAWAL", 1, 2)[0], WRONG_P1)
        at.load(500000)
        self.assertEqual(at.start("INITIALIZE_LOAD", 200001)[0], WRONG_DATA)
        self.assertEqual(at.load(200000)["sequence"], 2)

    def test_limit_that_was_lowered_meanwhile(self):
        at = self.provider()
        at.load(50000)
        request = self.started(at, 60000)
        limits = {**unpack("limits", at.object(LIMITS)), "maximum_descending": 109999, "maximum_refill": 100000}
        self.assertEqual(at.order("SET_LIMITS", pack("limits", limits)), DONE)
        self.assertEqual(at.command("CREDIT", data=at.authorized(request))[0], NOT_NOW)
        self.assertEqual(self.registers(at)["descending"], 50000)
        at.done("CANCEL_LOAD", data=bytes([0, 0, 0, 2]))

    def test_modes(self):
        merged = self.provider(funds="merged")
        self.assertEqual(merged.start("INITIALIZE_LOAD", 50000, 1)[0], WRONG_P1)
        merged.load(50000)
        self.assertEqual(merged.start("INITIALIZE_WITHDRAWAL", 10000, 1)[0], WRONG_P1)
        account = self.provider(funds="current-account", credit_limit=100)
        self.assertEqual(account.start("INITIALIZE_LOAD", 50000)[0], NOT_NOW)
        self.assertEqual(account.start("INITIALIZE_WITHDRAWAL", 50000)[0], NOT_NOW)
        self.assertEqual(account.start("INITIALIZE_WITHDRAWAL", 50000, final=1)[0], NOT_NOW)
        self.assertEqual(account.order("SET_LIMITS", pack("credit_line", {"credit_limit": 123456}), 1), DONE)
        self.assertEqual(account.sign_on()["credit_limit"], 123456)
        self.assertEqual(account.order("SET_LIMITS", pack("credit_line", {"credit_limit": 0}), 1), WRONG_DATA)
        request = self.started(account, 0, "INITIALIZE_WITHDRAWAL", final=1)
        account.done("COMPLETE_WITHDRAWAL", data=account.authorized(request))
        self.assertEqual(account.sign_on()["state"], STATES["WITHDRAWN"])
        self.assertEqual(merged.order("SET_LIMITS", pack("credit_line", {"credit_limit": 123456}), 1), NOT_NOW)


class Orders(Real):
    def test_in_turn(self):
        """Counted upwards; the very order once more changes nothing; anything else is refused."""
        at = self.provider()
        self.assertEqual(at.audit["orders"], 1)
        content = pack("licence", {"zip": 60000, "number": 9})
        order = self.shop.kms.order("SET_LICENCE", at.device, 5, content)
        log = at.sign_on()["log_count"]
        for _ in range(3):
            self.assertEqual(at.command("SET_LICENCE", 0, order)[0], DONE)
        self.assertEqual(unpack("licence", at.object(LICENCE_TAG)), {"zip": 60000, "number": 9})
        self.assertEqual(at.sign_on()["log_count"], log + 2)  # the audit's record and one of the order
        other = pack("licence", {"zip": 60001, "number": 9})
        for number in (5, 4, 1):
            self.assertEqual(at.order("SET_LICENCE", other, number=number), NOT_NOW)
        self.assertEqual(at.order("SET_LICENCE", other, number=6), DONE)
        self.assertEqual(at.command("SET_LICENCE", 0, order)[0], NOT_NOW)
        self.assertEqual(at.sign_on()["orders"], 6)

    def test_not_authentic(self):
        at = self.provider()
        kms, content = self.shop.kms, pack("licence", {"zip": 60000, "number": 9})
        order = kms.order("SET_LICENCE", at.device, 5, content)
        others = [kms.order("SET_LICENCE", {**at.device, "vendor": b"XX"}, 5, content),
                  content + order[-36:-32] + bytes(32),
                  kms.order("SET_WATCHDOG", at.device, 5, content), kms.order("SET_LICENCE", at.device, 5, content, 1),
                  pack("licence", {"zip": 60001, "number": 9}) + order[-36:],
                  order[:-36] + (6).to_bytes(4, "big") + order[-32:]]
        for data in others:
            self.assertEqual(at.command("SET_LICENCE", 0, data)[0], NOT_AUTHENTIC)
        self.assertEqual(unpack("licence", at.object(LICENCE_TAG)), {"zip": ZIP, "number": LICENCE})
        self.assertEqual(at.command("SET_LICENCE", 0, order)[0], DONE)

    def test_settings(self):
        at = self.provider()
        limits = {"minimum_postage": 20, "maximum_postage": 5000, "maximum_descending": 900000, "minimum_refill": 1000,
                  "maximum_refill": 800000}
        self.assertEqual(at.order("SET_LIMITS", pack("limits", limits)), DONE)
        self.assertEqual(unpack("limits", at.object(LIMITS)), limits)
        for wrong in ({"minimum_postage": 5001}, {"minimum_refill": 800001}):
            self.assertEqual(at.order("SET_LIMITS", pack("limits", {**limits, **wrong})), WRONG_DATA)
        watchdog = {"inspected": 0, "warn_after": 86400, "lock_after": 172800}
        self.assertEqual(at.order("SET_WATCHDOG", pack("watchdog", watchdog)), DONE)
        self.assertEqual(unpack("watchdog", at.object(WATCHDOG))["lock_after"], 172800)
        for wrong in ({"warn_after": 0}, {"warn_after": 172801}, {"lock_after": 0}):
            self.assertEqual(at.order("SET_WATCHDOG", pack("watchdog", {**watchdog, **wrong})), WRONG_DATA)
        now = unpack("clock", at.object(CLOCK))["now"]
        self.assertEqual(at.order("SET_CLOCK", pack("clock", {"now": now - 60, "set": 1})), WRONG_DATA)
        self.assertEqual(at.order("SET_CLOCK", pack("clock", {"now": now + 1000, "set": 1})), DONE)
        self.assertGreaterEqual(unpack("clock", at.object(CLOCK))["now"], now + 1000)

    def test_locked_and_opened(self):
        at = self.provider()
        at.load(50000)
        self.assertEqual(at.order("DISABLE"), DONE)
        self.assertEqual(at.sign_on()["state"], STATES["LOCKED"])
        self.assertEqual(at.start("INITIALIZE_LOAD", 50000)[0], NOT_NOW)
        self.assertEqual(at.start("INITIALIZE_WITHDRAWAL", 10000)[0], DONE)
        self.assertEqual(at.order("ENABLE"), DONE)
        self.assertEqual(at.sign_on()["state"], STATES["OPERATIONAL"])

    def test_certificate(self):
        at = self.provider("--key-pair")
        point, kms = self.shop.kms.points[at.device["serial"]], self.shop.kms
        self.assertNotEqual(at.audit["certificate"], bytes(32))
        good = certificate(kms.pair, point, 2)
        for der in (certificate(crypto.new_pair(), point), certificate(kms.pair, crypto.point(crypto.new_pair())),
                    good[:-1], good + b"\0"):
            self.assertEqual(at.order("LOAD_CERTIFICATE", der), WRONG_DATA)
        self.assertEqual(at.order("LOAD_CERTIFICATE", good), DONE)
        self.assertEqual(at.object(CERTIFICATE), good)
        self.assertEqual(at.sign_on()["certificate"], crypto.hash256(good))
        self.assertEqual(at.order("LOAD_CERTIFICATE", good, 1), WRONG_P1)

    def test_zeroize_where_funds_are_left(self):
        at = self.provider()
        at.load(50000)
        self.assertEqual(at.order("ZEROIZE"), NOT_NOW)


if __name__ == "__main__":
    unittest.main()
