#!/usr/bin/python3
"""The meter server and the key management system in Python, with the real card and the real psd."""

import os
import unittest

from cryptography.hazmat.primitives.asymmetric import rsa

from psd_handshake import Server, answer_of_card, command_to_card
from psd_layout import SIGNALS, SUITES, unpack
from psd_programs import program
from psd_service import MeterServer
from psd_wire import CardRefused, CardSocket, Signal
from psd_world import USER, VERIFIER, Workshop

GET_REGISTERS = bytes.fromhex("00CADF2300")
NOT_AUTHENTIC, OUT_OF_TURN, UNREADABLE = 0x6300, 0x6985, 0x6A80


class World(Workshop):
    """Cards, one of each kind, and a meter server."""

    def __init__(self):
        super().__init__(rsa.generate_private_key(65537, 2048))
        self.server = MeterServer(self.kms, sum(SUITES[name] for name in ("p256", "rsa", "shared")))
        self.listeners.append(self.server)
        self.password = self.bench.write("password", "correct horse\n")
        self.make("forward", forward_secrecy="yes")
        self.make("plain", forward_secrecy="no")
        self.make("pair", "--key-pair", forward_secrecy="yes")


class WithCard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def setUp(self):
        self.server = self.world.server
        self.server.forge = {}
        self.server.sessions.clear()

    def tearDown(self):
        self.assertEqual(self.world.failures(), [])

    def card(self, name):
        card = CardSocket(self.world.cards[name])
        self.addCleanup(card.close)
        return card

    def begin(self, card, suite):
        """A sign-on that the server has opened."""
        session = Server(self.world.kms, os.urandom(32))
        session.take_sign_on(card.sign_on(SUITES[suite], session.context, USER, VERIFIER))
        return session

    def complete(self, card, suite):
        session = self.begin(card, suite)
        host = card.open_response(session.answer())
        m3 = card.answer_audit(host["session"], host["nonce"])
        result = card.open_result(session.take_audit(m3, warn_after=86400, lock_after=172800))
        return session, host, result

    def check_handshake(self, name, suite, forward, kind=1):
        session, host, result = self.complete(self.card(name), suite)
        self.assertEqual(session.signed_on["forward"], forward)
        self.assertEqual(session.user, {"name": b"Ada".ljust(32, b"\0"), "verifier": VERIFIER})
        self.assertEqual(host["to_server"], session.traffic.expanded["Host to server"])
        self.assertEqual(host["to_host"], session.traffic.expanded["server to Host"])
        self.assertEqual(session.audit["type"], kind)
        self.assertEqual(result["lock_after"], 172800)

    def test_p256_with_forward_secrecy(self):
        self.check_handshake("forward", "p256", 1)

    def test_p256_without(self):
        self.check_handshake("plain", "p256", 0)

    def test_rsa(self):
        self.check_handshake("forward", "rsa", 0)

    def test_shared(self):
        self.check_handshake("forward", "shared", 0)

    def test_psd_with_a_key_pair_signs_with_it(self):
        self.check_handshake("pair", "p256", 1, kind=2)

    def test_a_card_signs_on_again_and_again(self):
        card = self.card("forward")
        for suite in ("p256", "shared", "rsa", "p256"):
            self.complete(card, suite)

    def test_command_in_a_record(self):
        card = self.card("forward")
        session = self.complete(card, "p256")[0]
        for _ in range(3):
            answer = answer_of_card(session, card.envelope(command_to_card(session, GET_REGISTERS)))
            self.assertEqual(answer, card.command(0xCA, 0xDF, 0x23) + b"\x90\x00")

    def test_watchdog_starts_anew(self):
        card = self.card("plain")
        session = self.complete(card, "p256")[0]
        self.assertGreaterEqual(unpack("watchdog", card.command(0xCA, 0xDF, 0x28))["inspected"], session.now)

    def refused(self, status, action, *arguments):
        with self.assertRaises(CardRefused) as refusal:
            action(*arguments)
        self.assertEqual(refusal.exception.status, status)

    def test_response_of_one_without_k2(self):
        card = self.card("forward")
        session = self.begin(card, "p256")
        session.k_s = os.urandom(32)
        self.refused(NOT_AUTHENTIC, card.open_response, session.answer())
        self.refused(OUT_OF_TURN, card.open_response, session.answer())
        self.complete(card, "p256")

    def test_response_of_another_session(self):
        card = self.card("forward")
        old = self.begin(card, "p256").answer()
        self.begin(card, "p256")
        self.refused(NOT_AUTHENTIC, card.open_response, old)
        self.complete(card, "p256")

    def test_audit_request_with_another_nonce(self):
        card = self.card("forward")
        session = self.begin(card, "p256")
        host = card.open_response(session.answer())
        self.refused(NOT_AUTHENTIC, card.answer_audit, host["session"], bytes(16))
        self.refused(OUT_OF_TURN, card.answer_audit, host["session"], host["nonce"])
        self.complete(card, "p256")

    def test_result_for_another_audit(self):
        card = self.card("forward")
        session = self.begin(card, "p256")
        host = card.open_response(session.answer())
        m3 = card.answer_audit(host["session"], host["nonce"])
        real, self.world.kms.verify = self.world.kms.verify, lambda audit, signature, wishes: real(
            audit, signature, {**wishes, "audit": bytes(32)})
        try:
            m4 = session.take_audit(m3)
        finally:
            self.world.kms.verify = real
        self.refused(NOT_AUTHENTIC, card.open_result, m4)
        self.refused(OUT_OF_TURN, card.open_result, m4)
        self.complete(card, "p256")

    def test_what_cannot_be_read(self):
        card = self.card("forward")
        self.refused(UNREADABLE, card.command, 0x86, SUITES["p256"], 0x01, b"\x7C\x00")
        self.begin(card, "p256")
        self.refused(UNREADABLE, card.open_response, bytes(20))
        self.complete(card, "p256")

    # The whole of psd against this server.

    def psd(self, name, verb, *more, expect=0):
        return self.world.bench.run(program("PSD_CLI"), "--card", self.world.cards[name], verb, "--server",
                                    self.server.address(), "--user", USER, "--password-file", self.world.password,
                                    *more, expect=expect)

    def test_psd_audit(self):
        for suite in ("p256", "rsa", "shared"):
            self.psd("forward", "audit", "--suite", suite)
        self.assertEqual([session.signed_on["suite"] for session in self.server.sessions], [1, 2, 4])

    def test_psd_stretches_the_password_as_written(self):
        from psd_handshake import stretch
        self.psd("forward", "audit")
        greeting = self.server.greeting()  # all but its nonce is always the same
        self.assertEqual(self.server.sessions[-1].user["verifier"], stretch(greeting, USER, "correct horse"))

    def test_psd_register(self):
        self.psd("forward", "register")
        self.assertIn(("asked", 1), [step for session in self.server.sessions for step in session.steps])

    def test_psd_with_a_server_that_forges(self):
        """Whatever bit of M2 or M4 is wrong: psd says so at the step, tells the server, and goes on afterwards."""
        for frame, signal, step in (("SIGN_ON_RESPONSE", "RESPONSE", 224), ("AUDIT_RESULT", "RESULT", 246)):
            self.server.forge = {frame: lambda data: data[:-1] + bytes([data[-1] ^ 1])}
            said = self.psd("forward", "audit", expect=1)
            self.assertIn(str(step), said)
            self.server.forge = {}
            self.psd("forward", "audit")
            ended = self.server.sessions[-2].ended
            self.assertIsInstance(ended, Signal)
            self.assertEqual((ended.signal, ended.step), (SIGNALS[signal], step))


if __name__ == "__main__":
    unittest.main()
