#!/usr/bin/python3
"""The real card among enemies: the network alters what the server tells it, its own Host talks out of turn and forges."""

import os
import unittest

import psd_crypto as crypto
from hostile import flip
from psd_handshake import Direction, Kms, Server, command_to_card
from psd_layout import SUITES, size_of, unpack
from psd_programs import Bench, program
from psd_service import Control, Factory
from psd_wire import CardRefused, CardSocket, tlv

NOT_AUTHENTIC, OUT_OF_TURN, NOT_ALLOWED, UNREADABLE = 0x6300, 0x6985, 0x6982, 0x6A80
IDENTITY = bytes.fromhex("00CADF2000")


class OnCard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = Bench()
        cls.kms = Kms(7, crypto.new_pair())
        cls.listeners = [Factory(cls.bench.path("kms"), cls.kms), Control(cls.bench.path("control"))]
        cls.path = cls.bench.blank_card("card", "00000001")
        cls.bench.run(program("PSD_CLI"), "--card", cls.path, "manufacture", "--kms", cls.bench.path("kms"), "--server",
                      cls.bench.path("control"), "--keys", cls.bench.path("card.state.keys"), "--suites", "p256,shared",
                      "--no-tokens")
        cls.card = CardSocket(cls.path)

    @classmethod
    def tearDownClass(cls):
        cls.card.close()
        for listener in cls.listeners:
            listener.close()
        cls.bench.close()

    def begin(self, suite="shared"):
        session = Server(self.kms, os.urandom(32))
        session.take_sign_on(self.card.sign_on(SUITES[suite], session.context, "Ada", bytes(32)))
        return session

    def answered(self, suite="shared"):
        session = self.begin(suite)
        return session, self.card.open_response(session.answer())

    def audited(self, suite="shared"):
        session, host = self.answered(suite)
        return session, session.take_audit(self.card.answer_audit(host["session"], host["nonce"]))

    def opened(self, suite="shared"):
        session, m4 = self.audited(suite)
        self.card.open_result(m4)
        return session

    def refused(self, status, action, *arguments):
        with self.assertRaises(CardRefused) as refusal:
            action(*arguments)
        self.assertEqual(f"{refusal.exception.status:04X}", f"{status:04X}")

    def test_every_bit_of_the_response(self):
        for suite in ("p256", "shared"):
            for bit in range(8 * 121):
                m2 = self.begin(suite).answer()
                self.assertEqual(len(m2), 121)
                self.refused(NOT_AUTHENTIC, self.card.open_response, flip(m2, bit))
            self.opened(suite)

    def test_every_bit_of_the_result(self):
        before = self.watchdog()
        for bit in range(8 * (size_of("audit_result") + 32 + 16)):
            _, m4 = self.audited()
            self.refused(NOT_AUTHENTIC, self.card.open_result, flip(m4, bit))
        self.assertEqual(self.watchdog(), before)
        self.opened()

    def watchdog(self):
        return unpack("watchdog", self.card.command(0xCA, 0xDF, 0x28))

    def test_every_bit_of_a_command(self):
        for bit in range(8 * (len(IDENTITY) + 16)):
            session = self.opened()
            self.refused(NOT_AUTHENTIC, self.card.envelope, flip(command_to_card(session, IDENTITY), bit))
        self.opened()

    def test_cut_short(self):
        for length in range(121):
            m2 = self.begin().answer()
            with self.assertRaises(CardRefused):
                self.card.command(0x82, 0x00, 0x01, m2[:length])
        for length in range(size_of("audit_result") + 48):
            _, m4 = self.audited()
            with self.assertRaises(CardRefused):
                self.card.command(0x82, 0x00, 0x02, m4[:length])
        self.opened()

    def test_repeated_reordered_reflected(self):
        session = self.opened()
        one, two = (command_to_card(session, IDENTITY) for _ in range(2))
        self.refused(NOT_AUTHENTIC, self.card.envelope, two)
        self.refused(OUT_OF_TURN, self.card.envelope, one)
        session = self.opened()
        one = command_to_card(session, IDENTITY)
        answer = self.card.envelope(one)
        self.refused(NOT_AUTHENTIC, self.card.envelope, one)
        session = self.opened()
        answer = self.card.envelope(command_to_card(session, IDENTITY))
        self.refused(NOT_AUTHENTIC, self.card.envelope, answer)
        old = self.begin().answer()
        self.begin()
        self.refused(NOT_AUTHENTIC, self.card.open_response, old)
        _, old = self.audited()
        self.audited()
        self.refused(NOT_AUTHENTIC, self.card.open_result, old)
        session, host = self.answered()
        m3 = self.card.answer_audit(host["session"], host["nonce"])
        self.refused(UNREADABLE, self.card.open_result, m3)
        self.opened()

    def test_host_talks_out_of_turn(self):
        """Every command of the session in every phase but its own: 6985, and the session is over."""
        self.card.reset()
        phases = {"none": lambda: self.card.reset(), "signed on": self.begin, "answered": self.answered,
                  "audited": self.audited, "open": self.opened}
        commands = {"signed on": lambda: self.card.command(0x82, 0, 1, bytes(121)),
                    "answered": lambda: self.card.answer_audit(bytes(16), bytes(16)),
                    "audited": lambda: self.card.command(0x82, 0, 2, bytes(size_of("audit_result") + 48)),
                    "open": lambda: self.card.envelope(bytes(40))}
        for phase, reach in phases.items():
            for turn, command in commands.items():
                reach()
                self.refused(NOT_AUTHENTIC if phase == turn else OUT_OF_TURN, command)
                self.refused(OUT_OF_TURN, commands["open"])
        self.opened()

    def test_host_swaps_the_audit_request(self):
        for session_bits, nonce_bits in ((1, 0), (0, 1)):
            _, host = self.answered()
            self.refused(NOT_AUTHENTIC, self.card.answer_audit, flip(host["session"], 5) if session_bits else
                         host["session"], flip(host["nonce"], 77) if nonce_bits else host["nonce"])
        self.opened()

    def test_host_forges_a_command_with_its_keys(self):
        """What the card gave the Host opens nothing that is the provider's."""
        for name in ("to_server", "to_host"):
            session, host = self.answered()
            self.card.open_result(session.take_audit(self.card.answer_audit(host["session"], host["nonce"])))
            forged = Direction(host[name])
            for sequence in range(4):
                forged.number = sequence
                record = forged.seal("CARD_DATA", IDENTITY)
                self.refused(NOT_AUTHENTIC if sequence == 0 else OUT_OF_TURN, self.card.envelope, record)
        self.opened()

    def test_host_plays_the_provider(self):
        """The provider's commands in clear, before, during and after a session; inside a record they are the card's."""
        rotate = (0x54, 0x00, 0x00, bytes(101), 0x80)
        self.refused(NOT_ALLOWED, self.card.command, *rotate)
        session = self.opened()
        self.refused(NOT_ALLOWED, self.card.command, *rotate)
        self.card.envelope(command_to_card(session, IDENTITY))

    def test_new_vendor_key_of_one_without_k4(self):
        """In a record, and authentic for the session, but without the authentication under K3."""
        session = self.opened()
        order = bytes.fromhex("80540000") + bytes([101]) + (9).to_bytes(4, "big") + crypto.point(crypto.new_pair())
        answer = self.card.envelope(command_to_card(session, order + bytes(32)))
        status = session.traffic.to_server.open("CARD_DATA", answer)
        self.assertNotEqual(status, b"\x90\x00")
        self.assertEqual(unpack("vendor_key", self.card.command(0xCA, 0xDF, 0x34))["identifier"], self.kms.identifier)

    def test_no_command_of_the_reader_inside_a_record(self):
        """SELECT, GET RESPONSE, the handshake itself do not come through the session."""
        for apdu in ("00A4040005F050534401", "00C0000000", "0070000001", "00C2000001AA", "0086010102AAAA"):
            session = self.opened()
            answer = self.card.envelope(command_to_card(session, bytes.fromhex(apdu)))
            self.assertNotEqual(session.traffic.to_server.open("CARD_DATA", answer)[-2:], b"\x90\x00")
        self.opened()

    def test_sign_on_that_cannot_be_read(self):
        context, name, verifier = tlv(0x81, bytes(32)), tlv(0x80, bytes(32)), tlv(0x81, bytes(32))
        for data in (b"", b"\x7C", tlv(0x7C, b""), tlv(0x7C, context), tlv(0x7C, tlv(0xA0, name + verifier)),
                     tlv(0x7C, context + tlv(0xA0, name)), tlv(0x7C, context + tlv(0xA0, name + verifier + verifier)),
                     tlv(0x7C, tlv(0x81, bytes(31)) + tlv(0xA0, name + verifier)),
                     tlv(0x7C, context + tlv(0xA0, name + verifier)) + b"\0"):
            with self.assertRaises(CardRefused):
                self.card.command(0x86, SUITES["p256"], 0x01, data)
        self.opened()


if __name__ == "__main__":
    unittest.main()
