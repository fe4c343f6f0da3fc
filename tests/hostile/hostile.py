"""What the hostile tests share: a house, a Host that sends whatever it is told to, and the verdicts of session.def."""

import socket
import unittest

from psd_handshake import NotAuthentic
from psd_house import Call, House, handshake
from psd_layout import FRAMES, SIGNAL_STEPS, SIGNALS, pack, unpack
from psd_wire import Ended, Signal

# Signals that belong to no step of their own come with the step the session was at.
PLACELESS = {SIGNALS[name] for name in ("MESSAGE", "ORDER", "TIMEOUT", "KMS", "DATABASE", "INTERNAL")}


def flip(message, bit):
    """The message with one bit flipped, counted from the first byte's most significant."""
    changed = bytearray(message)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


class HostileTest(unittest.TestCase):
    """A house with one PSD of Python; `options` go to psd-server."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.house = House(*cls.options)
        cls.made = cls.house.manufacture()

    @classmethod
    def tearDownClass(cls):
        cls.house.close()

    def good(self, suite="p256"):
        """Whatever happened before, an honest handshake succeeds."""
        self.assertEqual(handshake(self.house.address, self.made.card(suite))["serial"], self.made.device["serial"])

    def call(self):
        host = Call(self.house.address)
        self.addCleanup(host.close)
        return host

    def signed_on(self, suite="p256", made=None):
        host, card = self.call(), (made or self.made).card(suite)
        host.sign_on(card)
        return host, card

    def opened(self, suite="p256", made=None):
        host, card = self.signed_on(suite, made)
        host.audit(card)
        return host, card

    def verdict(self, host):
        """The signal the server ends the connection with; None if it just hangs up. The connection must end."""
        try:
            while True:
                name, body = host.frames.receive()
                if name == "ERROR_SIGNAL":
                    said = Signal(body)
                    self.assertEqual(self.rest(host), b"")
                    return said
                self.fail(f"the server goes on with {name}")
        except (Ended, ConnectionError):
            return None

    def rest(self, host):
        try:
            return host.frames.stream.recv(1)
        except ConnectionError:
            return b""

    def expect(self, host, *names):
        """The server refuses with one of these signals, at its step; which one."""
        said = self.verdict(host)
        self.assertIsNotNone(said, f"no signal, but one of {names}")
        self.assertIn(said.signal, [SIGNALS[name] for name in names])
        if said.signal not in PLACELESS:
            self.assertEqual(said.step, SIGNAL_STEPS[said.signal])
        host.close()
        return said.signal

    def refuses(self, host, frame, body, *names):
        host.frames.send(frame, body)
        return self.expect(host, *names)


def half_close(host):
    host.frames.stream.shutdown(socket.SHUT_WR)


__all__ = ["Call", "Ended", "FRAMES", "HostileTest", "NotAuthentic", "SIGNALS", "flip", "half_close", "handshake",
           "pack", "unpack", "unittest"]
