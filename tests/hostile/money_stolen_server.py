#!/usr/bin/python3
"""A meter server that was stolen with its database, and what of money its thief can have from the key management system:
what a PSD has signed, and nothing else; once for a card, within the policy, and each on a log that he cannot write."""

import os
import re
import time

import psd_crypto as crypto
from hostile import SIGNALS, HostileTest, flip, unittest
from psd_funds import DONE, LOADED, LOADING, NOT_NOW, RECEIPT_LABEL, REQUEST_LABEL, device_of
from psd_layout import COMMANDS, LAYOUTS, NUMBERS, SIGNAL_STEPS, pack, size_of, unpack
from psd_wire import Signal

HOUR = 3600
ANY = ("SIGNATURE", "DEVICE_KEY", "REQUEST", "LIMIT", "MESSAGE")


class StolenServer(HostileTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.house.kms.kill()
        cls.house.kms = cls.house.start_kms("meter", "--most", "1000.00", "--longest-watchdog", "100")
        cls.other = cls.house.manufacture()

    def request(self, meter, amount=50000, group=0):
        """S1 of a real card, which a thief has seen."""
        answer = meter.obey(bytes([0x80, COMMANDS["INITIALIZE_LOAD"], group, 0, 25]) + pack("funds_start", {
            "amount": amount, "final": 0, "nonce": os.urandom(16)}))
        self.assertEqual(answer[-2:], b"\x90\x00")
        return answer[:-2]

    def fund(self, signed, expiry=None, made=None):
        expiry = int(time.time()) + 900 if expiry is None else expiry
        return pack("kms_fund", {"expiry": expiry}) + (made or self.made).keys["wrapped_k4"] + signed

    def ask(self, name, body):
        return self.house.ask_kms("meter", name, body)

    def refused(self, name, body, *signals):
        answer, content = self.ask(name, body)
        self.assertEqual(answer, "KMS_REFUSED")
        said = Signal(content)
        self.assertIn(said.signal, [SIGNALS[signal] for signal in signals])
        self.assertIn(said.step, (SIGNAL_STEPS[said.signal], 0))

    def authorized(self, signed, **more):
        answer, content = self.ask("KMS_FUND", self.fund(signed, **more))
        self.assertEqual(answer, "KMS_FUNDED")
        return content

    def log(self):
        """What the log counts: authorizations, and mills."""
        lines = self.house.kms_command("log", "--verify", "--json")
        found = re.search(r'"authorizations": *(\d+).*?"authorized_mills": *(\d+)', lines, re.S)
        return tuple(int(number) for number in found.groups()) if found else (0, 0)

    def test_every_bit_of_a_request(self):
        signed = self.request(self.made.meter())
        before = self.log()
        for bit in range(8 * len(signed)):
            self.refused("KMS_FUND", self.fund(flip(signed, bit)), *ANY)
        wrapped = self.made.keys["wrapped_k4"]
        for bit in range(0, 8 * len(wrapped), 3):
            self.refused("KMS_FUND", pack("kms_fund", {"expiry": int(time.time()) + 900}) + flip(wrapped, bit) + signed,
                         "DEVICE_KEY")
        self.assertEqual(self.log(), before)
        self.authorized(signed)
        self.assertEqual(self.log(), (before[0] + 1, before[1] + 50000))

    def test_without_a_signature(self):
        signed = self.request(self.made.meter())
        text = signed[:size_of("funds_request")]
        for signature in (b"", bytes(32), os.urandom(32), crypto.hmac256(bytes(32), REQUEST_LABEL, text), os.urandom(64),
                          signed[-32:] + b"\0", signed[-31:]):
            self.refused("KMS_FUND", self.fund(text + signature), "SIGNATURE", "MESSAGE")
        said = unpack("funds_request", text)
        for kind in (0, 2, 3, 255):  # the key pair that it has not, the MAC of 1997, and none
            for length in (8, 32, 64):
                self.refused("KMS_FUND", self.fund(pack("funds_request", {**said, "type": kind}) + os.urandom(length)),
                             "SIGNATURE", "MESSAGE")

    def test_other_things_the_card_has_signed(self):
        """An audit, a receipt: their labels are others."""
        meter = self.made.meter()
        signed = self.request(meter)
        text = signed[:size_of("funds_request")]
        for label in (b"psd audit response", RECEIPT_LABEL, b"psd order", b""):
            self.refused("KMS_FUND", self.fund(text + meter.sign(label, text)), "SIGNATURE")

    def test_k4_of_another_meter(self):
        signed = self.request(self.made.meter())
        self.refused("KMS_FUND", self.fund(signed, made=self.other), "DEVICE_KEY")
        # His own card's request, with the name of the victim's.
        mine = self.other.meter()
        said = unpack("funds_request", self.request(mine)[:size_of("funds_request")])
        text = pack("funds_request", {**said, **self.made.device})
        for made in (self.made, self.other):
            self.refused("KMS_FUND", self.fund(text + mine.sign(REQUEST_LABEL, text), made=made), *ANY[:2])

    def test_wishes(self):
        """Signed by the card, and still no money: nothing, too much, too long."""
        meter = self.made.meter()
        said = unpack("funds_request", self.request(meter)[:size_of("funds_request")])

        def lie(**fields):
            text = pack("funds_request", {**said, **fields})
            return self.fund(text + meter.sign(REQUEST_LABEL, text))
        for fields, signal in (({"amount": 0}, "REQUEST"), ({"amount": 1000001}, "LIMIT"),
                               ({"amount": (1 << 63) - 1}, "LIMIT"), ({"amount": 1 << 63}, "REQUEST"),
                               ({"amount": (1 << 64) - 1, "control_total": 1}, "REQUEST"),
                               ({"control_total": (1 << 63) - 1}, "REQUEST"),
                               ({"control_total": (1 << 64) - 1}, "REQUEST"),
                               ({"final": 1}, "REQUEST"), ({"group": 2}, "REQUEST"), ({"operation": LOADED}, "REQUEST"),
                               ({"operation": 0}, "REQUEST"), ({"operation": 3}, "REQUEST"),
                               ({"operation": 5}, "REQUEST")):
            with self.subTest(fields):
                self.refused("KMS_FUND", lie(**fields), signal)
        now = int(time.time())
        for expiry in (0, 1, now - 1, now + HOUR + 60, (1 << 63), (1 << 64) - 1):
            self.refused("KMS_FUND", self.fund(self.request(self.made.meter()), expiry), "REQUEST")
        self.assertEqual(self.ask("KMS_FUND", lie(amount=1000000))[0], "KMS_FUNDED")

    def test_the_same_request_again(self):
        """It gives the same authorization, which the card takes once."""
        meter = self.made.meter()
        signed, expiry = self.request(meter), int(time.time()) + 900
        first = self.authorized(signed, expiry=expiry)
        for _ in range(5):
            self.assertEqual(self.authorized(signed, expiry=expiry), first)
        later = self.authorized(signed, expiry=expiry + 60)
        self.assertEqual(unpack("funds_authorization", later[:size_of("funds_authorization")])["amount"], 50000)
        for authorized in (first, later, first):
            answer = meter.obey(bytes([0x80, COMMANDS["CREDIT"], 0, 0, len(authorized)]) + authorized)
            self.assertEqual(int.from_bytes(answer[-2:], "big"), DONE)
        self.assertEqual(meter.groups[0].control_total, 50000)
        self.request(meter, 60000)
        for authorized in (first, later):
            answer = meter.obey(bytes([0x80, COMMANDS["CREDIT"], 0, 0, len(authorized)]) + authorized)
            self.assertNotEqual(int.from_bytes(answer[-2:], "big"), DONE)
        self.assertEqual((meter.groups[0].control_total, meter.operation["operation"]), (50000, LOADING))

    def test_the_sum_is_not_to_be_shifted(self):
        """S1 and S2 of two refills, mixed: the card takes neither."""
        meter = self.made.meter()
        burned = self.authorized(self.request(meter))
        meter.obey(bytes([0x80, COMMANDS["CANCEL_LOAD"], 0, 0, 4, 0, 0, 0, 1]))
        answer = meter.obey(bytes([0x80, COMMANDS["CREDIT"], 0, 0, len(burned)]) + burned)
        self.assertEqual(int.from_bytes(answer, "big"), NOT_NOW)
        self.request(meter)
        answer = meter.obey(bytes([0x80, COMMANDS["CREDIT"], 0, 0, len(burned)]) + burned)
        self.assertNotEqual(int.from_bytes(answer, "big"), DONE)
        self.assertEqual(meter.groups[0].control_total, 0)

    def test_receipts(self):
        """A receipt is verified, not believed."""
        meter = self.made.meter()
        signed = self.request(meter)
        meter.obey(bytes([0x80, COMMANDS["CANCEL_LOAD"], 0, 0, 4, 0, 0, 0, 1]))
        receipt, wrapped = meter.last, self.made.keys["wrapped_k4"]
        self.assertEqual(self.ask("KMS_RECEIPT", wrapped + receipt), ("KMS_RECEIVED", b""))
        for bit in range(8 * len(receipt)):
            self.refused("KMS_RECEIPT", wrapped + flip(receipt, bit), "SIGNATURE", "DEVICE_KEY", "MESSAGE")
        self.refused("KMS_RECEIPT", self.other.keys["wrapped_k4"] + receipt, "DEVICE_KEY")
        self.refused("KMS_RECEIPT", wrapped + signed[:size_of("funds_receipt") + 32], *ANY)

    def test_garbage(self):
        """Each field of what is asked, at its ends; each length."""
        signed = self.request(self.made.meter())
        said = unpack("funds_request", signed[:size_of("funds_request")])
        for field, kind, size in LAYOUTS["funds_request"]:
            numbers = (0, (1 << 8 * size) - 1, 1 << 8 * size - 1)
            for value in numbers if kind in NUMBERS else (bytes(size), b"\xFF" * size):
                if value != said[field]:
                    text = pack("funds_request", {**said, field: value})
                    self.refused("KMS_FUND", self.fund(text + signed[-32:]), *ANY)
        body = self.fund(signed)
        for length in range(0, len(body), 5):
            self.refused("KMS_FUND", body[:length], "MESSAGE")
        self.refused("KMS_FUND", body + b"\0", "MESSAGE")
        self.refused("KMS_FUND", os.urandom(len(body)), "MESSAGE", "REQUEST", "DEVICE_KEY")
        self.good()

    # Orders.

    def order(self, name, content=b"", p1=0, number=1, made=None, **device):
        made = made or self.made
        return pack("kms_order", {"ins": COMMANDS[name] if isinstance(name, str) else name, "p1": p1, "number": number,
                                  **made.device, **device}) + made.keys["wrapped_k4"] + content

    def test_orders_above_the_policy(self):
        limits = {"minimum_postage": 0, "maximum_postage": 1000, "maximum_descending": 1 << 40, "minimum_refill": 0,
                  "maximum_refill": 1000000}
        watchdog = {"inspected": 0, "warn_after": 86400, "lock_after": 100 * 86400}
        now = int(time.time())
        self.assertEqual(self.ask("KMS_ORDER", self.order("SET_LIMITS", pack("limits", limits)))[0], "KMS_ORDERED")
        self.assertEqual(self.ask("KMS_ORDER", self.order("SET_WATCHDOG", pack("watchdog", watchdog)))[0], "KMS_ORDERED")
        for name, content, signal in (
                ("SET_LIMITS", pack("limits", {**limits, "maximum_refill": 1000001}), "LIMIT"),
                ("SET_LIMITS", pack("limits", {**limits, "maximum_refill": (1 << 64) - 1}), "LIMIT"),
                ("SET_LIMITS", pack("limits", {**limits, "minimum_refill": 1000001}), "REQUEST"),
                ("SET_WATCHDOG", pack("watchdog", {**watchdog, "lock_after": 100 * 86400 + 1}), "LIMIT"),
                ("SET_WATCHDOG", pack("watchdog", {**watchdog, "warn_after": 0}), "REQUEST"),
                ("SET_CLOCK", pack("clock", {"now": now - 400, "set": 1}), "REQUEST"),
                ("SET_CLOCK", pack("clock", {"now": now + 400, "set": 1}), "REQUEST"),
                ("SET_CLOCK", pack("clock", {"now": now, "set": 0}), "REQUEST"),
                ("LOAD_CERTIFICATE", os.urandom(300), "REQUEST"),
                ("AUTHORIZE", pack("licence", {"zip": 1, "number": 1}) + os.urandom(300), "REQUEST"),
                ("ENABLE", b"\0", "REQUEST"), ("ZEROIZE", b"\0", "REQUEST")):
            with self.subTest(name):
                self.refused("KMS_ORDER", self.order(name, content), signal)

    def test_orders_that_are_none(self):
        """No authentication under K3 for what is no order: the commands about funds least of all."""
        for name in range(256):
            if name not in [COMMANDS[known] for known in ("ENABLE", "DISABLE", "ZEROIZE")]:
                self.refused("KMS_ORDER", self.order(name, b""), "REQUEST")
        for p1 in (1, 255):
            self.refused("KMS_ORDER", self.order("ENABLE", p1=p1), "REQUEST")
        self.refused("KMS_ORDER", self.order("ENABLE", number=0), "REQUEST")
        self.refused("KMS_ORDER", self.order("ENABLE", **self.other.device), "DEVICE_KEY")

    def test_order_is_of_one_meter(self):
        answer, order = self.ask("KMS_ORDER", self.order("ENABLE", number=9))
        self.assertEqual(answer, "KMS_ORDERED")
        said = unpack("order", order)
        apdu = bytes([0x80, COMMANDS["ENABLE"], 0, 0, len(order)]) + order
        self.assertEqual(self.made.meter().obey(apdu), b"\x90\x00")
        self.assertEqual(self.other.meter().obey(apdu), b"\x63\x00")
        self.assertEqual((said["number"], len(device_of(self.made.device))), (9, 8))

    def test_log_has_it_all(self):
        """What the thief got is on the log: as many, and as much."""
        meter = self.made.meter()
        before = self.log()
        signed = self.request(meter, 70000)
        self.authorized(signed)
        self.authorized(signed)
        self.assertEqual(self.log(), (before[0] + 2, before[1] + 140000))


if __name__ == "__main__":
    unittest.main()
