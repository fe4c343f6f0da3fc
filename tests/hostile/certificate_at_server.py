#!/usr/bin/python3
"""Hostile Hosts, merchants and thieves of the meter server around the certificate meter: what a Host may send for users'
certificates, revocations and credit, all of it lies; payments from a card that was copied; what a stolen server gets from the
key management system; CMS that is a bomb, for every program that reads it."""

import os
import shutil
import time

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import psd_crypto as crypto
from certificates import CertificateTest, USER_NAME, json, program, unittest
from hostile import flip
from psd_layout import SIGNALS, pack, size_of, take
from psd_money import MoneyTest
from psd_wire import Ended, Signal

CERTIFY, NEWS, REVOKE, CONFIRM, CREDIT = range(6, 11)
REFUSALS = tuple(SIGNALS[name] for name in ("REQUEST", "SIGNATURE", "DEVICE_KEY", "UNFINISHED", "LIMIT"))
LINE = 50000  # mills


def bombs():
    """Nested without end, lengths of everything and nothing."""
    yield b"\x30\x80" * 3000
    yield b"".join(b"\x30\x82" + (6000 - 4 * depth).to_bytes(2, "big") for depth in range(1500))
    yield b"\x30\x84\xff\xff\xff\xff" + bytes(500)
    yield b"\x30\x88" + b"\xff" * 8 + bytes(500)
    yield b"\x24\x80" * 2000
    yield b"\x30\x82\x10\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80" + b"\x30\x80" * 1500
    yield b"\x30\x03\x02\x01"
    yield b"\x30\x00"
    yield os.urandom(6000)


class HostsLie(CertificateTest, MoneyTest):
    """Operations 6 to 10, in a session of a card of Python that is in operation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.meter = None

    def send(self, operation, content):
        """The signal; None where the server ended the session."""
        if self.meter is None:
            type(self).meter = self.in_operation("p256", crypto.new_pair())
        host = self.opened(self.meter)
        text = pack("host_request", {"operation": operation}) + content
        try:
            host.frames.send("HOST_DATA", self.meter.traffic.host_to_server.seal("HOST_DATA", text))
            name, body = host.frames.receive()
        except (Ended, ConnectionError):
            return None
        finally:
            host.close()
        if name == "ERROR_SIGNAL":
            return Signal(body).signal
        return take("host_answer", self.meter.traffic.server_to_host.open("HOST_DATA", body))[0]["signal"]

    def test_contents(self):
        self.send(NEWS, b"")
        head = pack("certificate_request", {**self.meter.device, "slot": 1, "purpose": 1, "algorithm": 1, "renewal": 0,
                                            "number": 1, "time": int(time.time()), "nonce": os.urandom(12)})
        contents = [b"", b"\0", head, head + bytes(16), head + os.urandom(400), head + bytes(2000), bytes(8000), *bombs()]
        lies = [pack("credit_application", {"signature": one, "postmark": other}) + rest
                for one, other in ((0, 0), (65535, 65535), (65535, 1), (1, 65535), (100, 100))
                for rest in (b"", bytes(200), os.urandom(3000))]
        news = [pack("news_wish", {"kind": kind, "number": number}) for kind in (0, 1, 2, 3, 255)
                for number in (0, 1, 0xFFFFFFFF)]
        for operation, more in ((CERTIFY, ()), (NEWS, news), (REVOKE, ()), (CONFIRM, ()), (CREDIT, lies)):
            for content in (*contents, *more):
                with self.subTest(operation=operation, content=content[:40], length=len(content)):
                    self.assertIn(self.send(operation, content), REFUSALS)
        for length in (8174, 8175, 8176, 8400):  # the longest there is, and longer
            self.assertIn(self.send(REVOKE, bytes(length)), (*REFUSALS, SIGNALS["MESSAGE"], SIGNALS["RECORD"], None))
        self.assertEqual(self.house.listed("ca", "list"), [])
        self.assertEqual(self.house.listed("credit", "list"), [])
        self.send(NEWS, b"")


class Stolen(CertificateTest):
    """Who has the meter server has its line to the key management system, and whatever went over it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        house, cls.seen = cls.house, {}
        cls.card, cls.other = (house.meter(name) for name in ("card", "other"))

        def watch(direction, name, body):
            if direction == "asked":
                cls.seen.setdefault(name, body[size_of("kms_call"):])
            return True
        house.kms_line.watch = watch
        at = house.address
        house.good(cls.card, "cert", "request", "--subject", USER_NAME, address=at)
        house.good(cls.card, "cert", "request", "--subject", USER_NAME, "--purpose", "postmark", address=at)
        house.good(cls.card, "credit", "request", str(LINE // 1000), address=at)
        house.good(cls.card, "pay", "1.00", "--to", "Shop", "-o", house.path("before"))
        house.good(cls.card, "cert", "request", "--subject", USER_NAME, "--slot", "5", address=at)
        house.good(cls.card, "cert", "revoke", "--slot", "5", address=at)
        cls.mine = dict(cls.seen)
        cls.seen.clear()
        house.good(cls.other, "cert", "request", "--subject", USER_NAME, address=at)

    def ask(self, name, body):
        return self.house.ask_kms("meter", name, body)

    def refused(self, name, body):
        answer, content = self.ask(name, body)
        self.assertEqual(answer, "KMS_REFUSED", name)
        self.assertIn(Signal(content).signal, (*REFUSALS, SIGNALS["MESSAGE"]))

    def test_another_key_or_name(self):
        """Whatever of the request is altered, it is refused; and another card's K4 opens none."""
        for name, head in (("KMS_REQUEST", 0), ("KMS_ISSUE", size_of("kms_issue"))):
            good = self.mine[name]
            self.assertNotEqual(self.ask(name, good)[0], "KMS_REFUSED")
            for bit in range(8 * head, 8 * len(good), 29):
                self.refused(name, flip(good, bit))
            for length in range(0, len(good), 23):
                self.refused(name, good[:length])
            self.refused(name, good + b"\0")
        good, wrapped = self.mine["KMS_ISSUE"], size_of("wrapped_k4")
        other, head = self.seen["KMS_ISSUE"], size_of("kms_issue")
        self.refused("KMS_ISSUE", good[:head] + other[head:head + wrapped] + good[head + wrapped:])
        self.refused("KMS_ISSUE", good[:head + wrapped] + other[head + wrapped:])

    def test_wishes(self):
        """A certificate for ever, without a number, for an address that is none."""
        said, rest = take("kms_issue", self.mine["KMS_ISSUE"])
        now = int(time.time())
        for lie in ({"number": 0}, {"until": said["from"]}, {"until": now + 40 * 365 * 86400}, {"until": (1 << 64) - 1},
                    {"from": (1 << 64) - 1}, {"ca_key": 77}, {"address": 255}, {"address": 200}):
            self.refused("KMS_ISSUE", pack("kms_issue", {**said, **lie}) + rest)

    def test_minted_credit(self):
        """More than was asked for, or for what nobody has signed; what is issued has the holder's key and card."""
        said, rest = take("kms_credit", self.mine["KMS_CREDIT"])
        for lie in ({"amount": LINE + 1}, {"amount": (1 << 64) - 1}, {"amount": 0}, {"number": 0},
                    {"until": (1 << 64) - 1}, {"until": said["from"]}, {"certificate": 0}, {"certificate": 65535},
                    {"signature": 0}, {"signature": 65535}, {"postmark": 0}, {"postmark": 65535}):
            self.refused("KMS_CREDIT", pack("kms_credit", {**said, **lie}) + rest)
        good = self.mine["KMS_CREDIT"]
        key = self.key(self.ask("KMS_CREDIT", good)[1])
        for bit in range(8 * size_of("kms_credit"), 8 * len(good), 167):
            answer, content = self.ask("KMS_CREDIT", flip(good, bit))
            if answer == "KMS_REFUSED":
                self.assertIn(Signal(content).signal, (*REFUSALS, SIGNALS["MESSAGE"]))
            else:
                self.assertEqual(self.key(content), key, bit)
        for bomb in bombs():
            for which in ("certificate", "signature", "postmark"):
                lengths = {"certificate": 0, "signature": 0, "postmark": 0, which: len(bomb)}
                self.refused("KMS_CREDIT", (pack("kms_credit", {**said, **lengths}) + bomb + rest)[:15000])

    @staticmethod
    def key(der):
        line = x509.load_der_x509_certificate(der)
        return line.subject, line.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def test_revocation_that_the_holder_has_not_asked_for(self):
        """It may revoke, as the authority can; but not in the holder's name, and not with his money."""
        said, rest = take("kms_revoke", self.mine["KMS_REVOKE"])
        for bit in range(8 * said["certificate"], 8 * len(rest), 97):
            answer, content = self.ask("KMS_REVOKE", pack("kms_revoke", said) + flip(rest, bit))
            if answer == "KMS_REFUSED":
                self.assertIn(Signal(content).signal, (*REFUSALS, SIGNALS["MESSAGE"]))
        for lie in ({"reason": said["reason"] ^ 1}, {"serial": said["serial"] + 1}, {"number": 0}, {"certificate": 65535},
                    {"request": 65535}):
            self.refused("KMS_REVOKE", pack("kms_revoke", {**said, **lie}) + rest)
        for bomb in bombs():
            head = pack("kms_revoke", {**said, "request": len(bomb)})
            self.refused("KMS_REVOKE", (head + rest[:said["certificate"]] + bomb)[:15000])


class Merchants(CertificateTest):
    """Payments from a card whose memory was copied, and files that are no payments."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        house = cls.house
        cls.card = house.meter("card")
        for purpose in ("user", "postmark"):
            house.good(cls.card, "cert", "request", "--subject", USER_NAME, "--purpose", purpose, address=house.address)
        house.good(cls.card, "credit", "request", str(LINE // 1000), address=house.address)
        house.server_command("ca", "export", house.path("authorities"))

    def pay(self, name, amount):
        self.house.good(self.card, "pay", amount, "--to", "Shop", "-o", self.house.path(name))

    def settle(self, path):
        said = self.house.result(program("PSD_SERVER"), "credit", "settle", path, "--db", self.house.database, "--kms",
                                 self.house.path("meter"), "--json")
        return said.returncode, json.loads(said.stdout)["settlement"] if said.stdout else said.stderr

    def restored(self, name, act):
        """The card's memory before `act`, in the card after it."""
        state = self.house.path(name + ".state")
        self.stop(name)
        shutil.copy(state, state + ".copy")
        self.begin(name)
        act()
        self.stop(name)
        shutil.copy(state + ".copy", state)
        self.begin(name)

    def stop(self, name):
        next(run for run in self.house.running if run.log == self.house.path(name + ".log") and run.process.poll() is None).stop()

    def begin(self, name):
        path = self.house.path(name)
        if os.path.exists(path):
            os.unlink(path)
        self.house.start(name, [program("PSD_CARD"), "run", "--state", path + ".state", "--no-sync", "--listen", path],
                         "listening")

    def test_two_payments_from_one_state(self):
        """The fork is found when both are presented; the line is blocked, and what was settled stays so."""
        self.pay("first", "1.00")
        self.restored("card", lambda: self.pay("one", "2.00"))
        self.pay("two", "3.00")
        self.pay("three", "1.00")
        first, one, two, three = (self.house.path(name) for name in ("first", "one", "two", "three"))
        self.assertEqual(self.settle(first), (0, "settled"))
        self.assertEqual(self.settle(one), (0, "settled"))
        self.assertEqual(self.settle(two), (1, "forked"))
        self.assertEqual(self.settle(three), (1, "forked"))
        self.assertEqual([line["state"] for line in self.house.listed("credit", "list")], ["blocked"])
        self.assertEqual(self.settle(one), (0, "settled-before"))
        self.assertEqual(self.balanced()["payees"], 3000)

    def test_bombs(self):
        """Each program that reads CMS refuses it in a line, and does not break."""
        house, message = self.house, self.house.write("message", "a message")
        trust = ("--root", house.path("authorities/root.pem"), "--ca", house.path("authorities/ca.pem"))
        for number, bomb in enumerate(bombs()):
            path = house.path(f"bomb{number}")
            with open(path, "wb") as out:
                out.write(bomb)
            for command in ((program("PSD_SERVER"), "credit", "settle", path, "--db", house.database, "--kms",
                             house.path("meter")),
                            (program("PSD_CLI"), "pay", "--verify", path, "--to", "Shop", *trust),
                            (program("PSD_CLI"), "verify", message, path, *trust),
                            (program("PSD_CLI"), "postmark", "--verify", message, path, *trust)):
                said = house.result(*command)
                self.assertEqual((said.returncode, len(said.stderr.splitlines())), (1, 1), (command, said.stderr))


if __name__ == "__main__":
    unittest.main()
