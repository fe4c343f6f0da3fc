#!/usr/bin/python3
"""Money out of nothing, on the real card: authorizations that are forged, replayed, another meter's, another amount's;
orders likewise. The attacker has the Host and the line, and even the session with the card; what he has not is K3."""

import os
import unittest

import psd_crypto as crypto
from hostile import flip
from psd_funds import DONE, LOADED, NOT_ALLOWED, NOT_AUTHENTIC, NOT_NOW, WITHDRAWN, WRONG_DATA, command
from psd_layout import pack, size_of, unpack
from psd_wire import CardRefused
from psd_world import Provider, Workshop

POSTAGE, CERTIFICATES, OPERATION, LIMITS, CLOCK = 0xDF23, 0xDF24, 0xDF3F, 0xDF26, 0xDF27
WRONG_LENGTH = 0x6700


class OnCard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = Workshop()
        cls.kms = cls.shop.kms
        cls.at = Provider(cls.kms, cls.shop.make("card")).authorize()
        cls.other = Provider(cls.kms, cls.shop.make("other")).authorize()

    @classmethod
    def tearDownClass(cls):
        cls.at.close()
        cls.other.close()
        cls.shop.close()

    def setUp(self):
        self.at.sign_on()

    def money(self, at=None):
        at = at or self.at
        return at.object(POSTAGE) + at.object(CERTIFICATES) + at.object(OPERATION)

    def loading(self, amount=50000, group=0):
        """S1 of a refill that is begun, and what the card holds then."""
        status, request = self.at.start("INITIALIZE_LOAD", amount, group)
        self.assertEqual(status, DONE)
        return request, self.money()

    def refused(self, status, name, data, p1=0):
        before = self.money()
        self.assertEqual(f"{self.at.command(name, p1, data)[0]:04X}", f"{status:04X}")
        self.assertEqual(self.money(), before)

    def cancel(self):
        self.at.done("CANCEL_LOAD", data=self.at.sign_on()["sequence"].to_bytes(4, "big"))

    def finish(self, request):
        """Whatever was tried: the right authorization is taken, once."""
        before = unpack("registers", self.at.object(POSTAGE))["control_total"]
        authorized = self.at.authorized(request)
        for _ in range(3):
            self.at.done("CREDIT", data=authorized)
        self.assertEqual(unpack("registers", self.at.object(POSTAGE))["control_total"], before + 50000)

    def altered(self, request, **fields):
        """An authorization with other fields, authenticated with K3 all the same: the key management system's mistake."""
        said = unpack("funds_authorization", self.at.authorized(request)[:size_of("funds_authorization")])
        return self.kms.authenticate({**said, **fields})

    def test_every_bit_of_an_authorization(self):
        request, _ = self.loading()
        authorized = self.at.authorized(request)
        for bit in range(8 * len(authorized)):
            self.refused(NOT_AUTHENTIC, "CREDIT", flip(authorized, bit))
        self.finish(request)

    def test_of_every_other_length(self):
        request, _ = self.loading()
        authorized = self.at.authorized(request)
        for length in (*range(0, len(authorized), 7), len(authorized) + 1, 255):
            self.refused(WRONG_LENGTH, "CREDIT", authorized.ljust(length, b"\0")[:length])
        self.finish(request)

    def test_authentic_but_of_another_operation(self):
        request, _ = self.loading()
        said = unpack("funds_request", request[:size_of("funds_request")])
        for fields in ({"amount": 50001}, {"amount": 1 << 63}, {"group": 1}, {"group": 2},
                       {"sequence": said["sequence"] - 1}, {"sequence": said["sequence"] + 1},
                       {"control_total": said["control_total"]}, {"control_total": said["control_total"] + 50001}, {"operation": WITHDRAWN}, {"operation": 1},
                       {"vendor": b"XX"}, {"model": b"XX"}):
            self.refused(WRONG_DATA, "CREDIT", self.altered(request, **fields))
        for expiry in (0, self.kms.now() - 1):
            self.refused(NOT_NOW, "CREDIT", self.altered(request, expiry=expiry))
        self.finish(request)

    def test_of_another_meter(self):
        """The other meter began the very same refill at the very same number."""
        other = Provider(self.kms, self.shop.make("twin")).authorize()
        self.addCleanup(other.close)
        mine = Provider(self.kms, self.shop.make("mine")).authorize()
        self.addCleanup(mine.close)
        nonce = os.urandom(16)
        requests = [at.start("INITIALIZE_LOAD", 50000, nonce=nonce)[1] for at in (mine, other)]
        self.assertEqual(mine.command("CREDIT", data=other.authorized(requests[1]))[0], NOT_AUTHENTIC)
        mine.done("CREDIT", data=mine.authorized(requests[0]))
        self.assertEqual(other.command("CREDIT", data=mine.authorized(requests[0]))[0], NOT_AUTHENTIC)

    def test_again_later(self):
        """An authorization is good for one refill: not after the next has begun, nor after a cancellation."""
        request, _ = self.loading()
        old = self.at.authorized(request)
        self.finish(request)
        request, _ = self.loading()
        self.refused(WRONG_DATA, "CREDIT", old)
        burned = self.at.authorized(request)
        self.cancel()
        self.refused(NOT_NOW, "CREDIT", burned)
        self.refused(NOT_NOW, "CREDIT", old)
        request, _ = self.loading()
        self.refused(WRONG_DATA, "CREDIT", burned)
        self.finish(request)
        self.at.reset()
        self.at.sign_on()
        self.refused(NOT_NOW, "CREDIT", burned)

    def test_of_a_withdrawal(self):
        """Taken for a refill, and the other way round."""
        request, _ = self.loading()
        load = self.at.authorized(request)
        self.refused(NOT_NOW, "COMPLETE_WITHDRAWAL", load)
        self.finish(request)
        status, request = self.at.start("INITIALIZE_WITHDRAWAL", 10000)
        self.assertEqual(status, DONE)
        authorized = self.at.authorized(request)
        self.refused(NOT_NOW, "CREDIT", authorized)
        self.refused(NOT_NOW, "CREDIT", load)
        self.refused(NOT_NOW, "COMPLETE_WITHDRAWAL", self.altered(request, expiry=1))
        for fields in ({"amount": 9999}, {"operation": LOADED}, {"control_total": 0}):
            self.refused(WRONG_DATA, "COMPLETE_WITHDRAWAL", self.altered(request, **fields))
        self.at.done("COMPLETE_WITHDRAWAL", data=authorized)
        self.refused(NOT_NOW, "CREDIT", authorized)

    def test_begun_again_and_again(self):
        """One refill, whatever it is asked for in the meantime: the same S1, to the byte, and one number."""
        request, held = self.loading()
        for amount in (50000, 1, 0, (1 << 64) - 1, 500000):
            for group in (0, 1, 2, 255):
                self.assertEqual(self.at.start("INITIALIZE_LOAD", amount, group, final=1), (DONE, request))
        self.assertEqual(self.money(), held)
        self.refused(NOT_NOW, "INITIALIZE_WITHDRAWAL", pack("funds_start", {"amount": 1, "final": 0, "nonce": bytes(16)}))
        self.finish(request)

    def test_in_clear(self):
        """The Host sends what only the provider may, before, in and after a session."""
        request, _ = self.loading()
        wish = pack("funds_start", {"amount": 50000, "final": 0, "nonce": bytes(16)})
        before = self.money()
        for reach in (lambda: None, self.at.reset, self.at.sign_on):
            reach()
            for name, data in (("INITIALIZE_LOAD", wish), ("CREDIT", self.at.authorized(request)),
                               ("CANCEL_LOAD", bytes(4)), ("INITIALIZE_WITHDRAWAL", wish),
                               ("COMPLETE_WITHDRAWAL", self.at.authorized(request)), ("ENABLE", bytes(36))):
                apdu = command(name, 0, data)
                with self.assertRaises(CardRefused) as refusal:
                    self.at.card.command(*apdu[1:4], data, cla=apdu[0])
                self.assertEqual(refusal.exception.status, NOT_ALLOWED, name)
        self.assertEqual(self.money(), before)
        self.finish(request)

    def test_record_of_another_session(self):
        """The record with the right authorization in the next session: that one ends, nothing is credited."""
        from psd_handshake import command_to_card
        request, before = self.loading()
        record = command_to_card(self.at.session, command("CREDIT", 0, self.at.authorized(request)))
        self.at.sign_on()
        with self.assertRaises(CardRefused) as refusal:
            self.at.card.envelope(record)
        self.assertEqual(refusal.exception.status, NOT_AUTHENTIC)
        self.assertEqual(self.money(), before)
        self.at.sign_on()
        self.finish(request)

    def test_clock_set_back(self):
        """For an authorization that has expired time does not come back, by an order or by the server's word."""
        request, _ = self.loading()
        now = unpack("clock", self.at.object(CLOCK))["now"]
        short = self.altered(request, expiry=now + 1000)
        self.assertEqual(self.at.order("SET_CLOCK", pack("clock", {"now": now + 1000, "set": 1})), DONE)
        self.refused(NOT_NOW, "CREDIT", short)
        for back in (now, now + 999, 0):
            self.assertEqual(self.at.order("SET_CLOCK", pack("clock", {"now": back, "set": 1})), WRONG_DATA)
        self.at.sign_on(time=now)
        self.refused(NOT_NOW, "CREDIT", short)
        self.at.reset()
        self.at.sign_on(time=0)
        self.refused(NOT_NOW, "CREDIT", short)
        self.at.done("CREDIT", data=self.altered(request, expiry=now + 4000))

    def test_every_bit_of_an_order(self):
        limits = unpack("limits", self.at.object(LIMITS))
        greedy = pack("limits", {**limits, "maximum_refill": 1 << 40, "maximum_descending": 1 << 41})
        forged = greedy + pack("order", {"number": 1000, "authentication": os.urandom(32)})
        self.refused(NOT_AUTHENTIC, "SET_LIMITS", forged)
        order = self.kms.order("SET_LIMITS", self.at.device, 1000, pack("limits", limits))
        for bit in range(8 * len(order)):
            self.refused(NOT_AUTHENTIC, "SET_LIMITS", flip(order, bit))
        self.refused(NOT_AUTHENTIC, "SET_LIMITS", self.kms.order("SET_LIMITS", self.other.device, 1000, greedy))
        self.assertEqual(unpack("limits", self.at.object(LIMITS)), limits)

    def test_old_orders(self):
        """Once another came, an order is of no use any more: nobody opens a locked meter with last year's ENABLE."""
        number = self.at.sign_on()["orders"]
        enable = self.kms.order("ENABLE", self.at.device, number + 1)
        self.at.done("ENABLE", data=enable)
        self.at.orders = number + 1
        self.assertEqual(self.at.order("DISABLE"), DONE)
        self.refused(NOT_NOW, "ENABLE", enable)
        self.assertEqual(self.at.sign_on()["state"], 6)
        self.refused(NOT_NOW, "ENABLE", enable)
        self.assertEqual(self.at.order("ENABLE"), DONE)


class KeyPair(unittest.TestCase):
    """A card with a key pair of its own signs with nothing else, and takes its authorizations as the others do."""

    def test_signs_with_it(self):
        shop = Workshop()
        self.addCleanup(shop.close)
        at = Provider(shop.kms, shop.make("pair", "--key-pair")).authorize()
        self.addCleanup(at.close)
        status, request = at.start("INITIALIZE_LOAD", 50000)
        self.assertEqual((status, len(request)), (DONE, size_of("funds_request") + 64))
        shop.kms.points[at.device["serial"]] = crypto.point(crypto.new_pair())
        with self.assertRaises(crypto.NotAuthentic):
            at.authorized(request)


if __name__ == "__main__":
    unittest.main()
