#!/usr/bin/python3
"""Meter servers without K2, at the real psd with a real card."""

import os

import psd_crypto as crypto
from hostile import SIGNALS, HostileTest, unittest
from psd_handshake import Kms
from psd_layout import SUITES
from psd_service import MeterServer
from psd_wire import Signal


class WithoutK2(HostileTest):
    """A meter server that is none calls itself one, to the real psd with a real card."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = cls.house.real_card("card")

    def fake(self, suites=("p256",), memory=8192):
        """One that has a K2 of its own, and claims to be for the K1 that the card has."""
        server = MeterServer(Kms(self.made.keys["vendor_key"], crypto.new_pair()), sum(SUITES[name] for name in suites),
                             memory)
        self.addCleanup(server.close)
        return server

    def audit(self, server=None, expect=0):
        return self.house.psd(self.path, "audit", address=server and server.address(), expect=expect)

    def test_cannot_unwrap(self):
        self.assertIn("214", self.audit(self.fake(), expect=1))
        self.audit()

    def test_makes_up_a_response(self):
        server = self.fake()

        def handshake(frames, _):
            frames.expect("SIGN_ON")
            frames.send("SIGN_ON_RESPONSE", os.urandom(16) + crypto.point(crypto.new_pair()) + os.urandom(40))
            server.said = Signal(frames.expect("ERROR_SIGNAL"))
            raise server.said
        server.handshake = handshake
        self.assertIn("224", self.audit(server, expect=1))
        self.assertEqual((server.said.signal, server.said.step), (SIGNALS["RESPONSE"], 224))
        self.audit()

    def test_share_that_is_no_point(self):
        for share in (bytes(65), b"\x04" + os.urandom(64), os.urandom(65)):
            server = self.fake()

            def handshake(frames, _, share=share):
                frames.expect("SIGN_ON")
                frames.send("SIGN_ON_RESPONSE", os.urandom(16) + share + os.urandom(40))
                raise Signal(frames.expect("ERROR_SIGNAL"))
            server.handshake = handshake
            self.assertIn("224", self.audit(server, expect=1))
        self.audit()

    def test_asks_for_an_absurd_stretch(self):
        """Argon2id beyond, or below, what the Host agrees to."""
        for memory in (0, 8191, (1 << 20) + 1, (1 << 32) - 1):
            self.assertNotIn("224", self.audit(self.fake(memory=memory), expect=1))
        self.audit()

    def test_offers_no_suite(self):
        for suites in ((), ("classic",)):
            self.audit(self.fake(suites), expect=1)
        self.audit()

    def test_relays_to_the_real_one(self):
        """A proxy that changes nothing learns nothing; the greeting is what K_S is bound to, so that relaying the
        sign-on into a call of its own fails at 214."""
        server, house = self.fake(), self.house

        def handshake(frames, _):
            real = self.call()
            real.frames.send("SIGN_ON", frames.expect("SIGN_ON"))
            body = real.frames.expect("ERROR_SIGNAL")
            server.said = Signal(body)
            frames.send("ERROR_SIGNAL", body)
            raise server.said
        server.handshake = handshake
        self.assertIn("214", self.audit(server, expect=1))
        self.assertEqual(server.said.signal, SIGNALS["SESSION_KEY"])
        self.audit()

if __name__ == "__main__":
    unittest.main()
