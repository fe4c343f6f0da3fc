#!/usr/bin/python3
"""Who owns the network between Host and meter server: every bit of every message the server takes flipped, every message
cut short, repeated, out of order, reflected, taken from another session. (What the card takes: on_card.py.)"""

import signal

from hostile import FRAMES, HostileTest, flip, half_close, pack, unittest
from psd_handshake import Direction, context_of
from psd_house import DONE, REGISTER, Call
from psd_layout import size_of
from psd_wire import NAMES

WRAPPED = size_of("sign_on") + 113


def refusal_of(bit):
    """What a flipped bit of M1 (suite p256) is refused with."""
    byte = bit // 8
    if byte == 0:
        return ("MESSAGE",)
    if byte < 3:
        return ("MESSAGE", "SUITE")
    if byte < 7:
        return ("VENDOR_KEY",)
    return ("SESSION_KEY",) if byte < WRAPPED else ("USER",)


class EveryBit(HostileTest):
    def test_greeting(self):
        """The Host sees another greeting than the server has sent: another context, so that K_S does not unwrap."""
        card = self.made.card("shared")
        for bit in range(8 * size_of("greeting")):
            host = Call(self.house.address)
            context = context_of(flip(host.greeting, bit), 0)
            self.refuses(host, "SIGN_ON", card.sign_on(context, "Ada", host.verifier), "SESSION_KEY")
        self.good()

    def test_sign_on(self):
        card = self.made.card()
        for bit in range(8 * (WRAPPED + 80)):
            host = Call(self.house.address)
            m1 = card.sign_on(host.context(), "Ada", host.verifier)
            self.assertEqual(len(m1), WRAPPED + 80)
            self.refuses(host, "SIGN_ON", flip(m1, bit), *refusal_of(bit))
        self.good()

    def test_audit_response(self):
        size = size_of("audit") + 32 + 16
        for bit in range(8 * size):
            host, card = Call(self.house.address), self.made.card("shared")
            host.sign_on(card)
            m3 = card.answer_audit()
            self.assertEqual(len(m3), size)
            self.refuses(host, "AUDIT_RESPONSE", flip(m3, bit), "RECORD")
        self.good()

    def test_host_data(self):
        for bit in range(8 * (1 + 16)):
            host, card = Call(self.house.address), self.made.card("shared")
            host.handshake(card)
            text = pack("host_request", {"operation": DONE})
            self.refuses(host, "HOST_DATA", flip(card.traffic.host_to_server.seal("HOST_DATA", text), bit), "RECORD")
        self.good()

    def test_head_of_a_frame(self):
        """Another length or type: too long, never complete, of no known type, or a message that cannot be read."""
        for sent in ("SIGN_ON", "AUDIT_RESPONSE"):
            for bit in range(8 * size_of("frame")):
                host, card = Call(self.house.address), self.made.card("shared")
                if sent == "SIGN_ON":
                    body = card.sign_on(host.context(), "Ada", host.verifier)
                else:
                    host.sign_on(card)
                    body = card.answer_audit()
                head = flip(pack("frame", {"length": len(body), "type": FRAMES[sent]}), bit)
                host.frames.stream.sendall(head + body)
                half_close(host)
                said = self.verdict(host)
                incomplete = len(body) < int.from_bytes(head[:2], "big") <= 8192
                self.assertTrue(said is not None or incomplete, f"bit {bit} of the head of {sent} went unnoticed")
                host.close()
        self.good()


class EveryBitOfAnOrder(HostileTest):
    def test_answer_of_the_card(self):
        """CARD_DATA to the server: the card's answer to the order to take a new vendor key."""
        self.house.kms_command("rotate", "--kind", "vendor")
        self.house.kms.process.send_signal(signal.SIGHUP)
        self.house.server.kill()
        self.house.restart_server()
        host, card = self.opened()
        self.assertEqual(host.ask(card, REGISTER), 0)
        for bit in range(8 * (2 + 16)):
            host, card = Call(self.house.address), self.made.card()
            self.assertEqual(host.handshake(card)["actions"], 1)
            card.traffic.to_card.open("CARD_DATA", host.frames.expect("CARD_DATA"))
            answer = card.traffic.to_server.seal("CARD_DATA", b"\x90\x00")
            self.refuses(host, "CARD_DATA", flip(answer, bit), "RECORD")
        host, card = self.opened()
        card.traffic.to_card.open("CARD_DATA", host.frames.expect("CARD_DATA"))
        host.frames.send("CARD_DATA", card.traffic.to_server.seal("CARD_DATA", b"\x90\x00"))
        self.assertEqual(host.ask(card, DONE), 0)
        self.good()


class Messages(HostileTest):
    def test_cut_short(self):
        """Every message at every shorter length, and one byte longer."""
        card = self.made.card("shared")
        host = self.call()
        size = len(card.sign_on(host.context(), "Ada", host.verifier))
        for length in [*range(size), size + 1]:
            host = Call(self.house.address)
            m1 = card.sign_on(host.context(), "Ada", host.verifier) + b"\0"
            self.refuses(host, "SIGN_ON", m1[:length], "MESSAGE")
        for length in [*range(size_of("audit") + 48), size_of("audit") + 49]:
            host = Call(self.house.address)
            host.sign_on(card)
            self.refuses(host, "AUDIT_RESPONSE", (card.answer_audit() + b"\0")[:length], "RECORD", "MESSAGE")
        self.good()

    def test_connection_cut_anywhere(self):
        """The network drops the rest: the server forgets the session, and the next one is served."""
        card = self.made.card("shared")
        for kept in range(0, 200, 7):
            host = Call(self.house.address)
            m1 = card.sign_on(host.context(), "Ada", host.verifier)
            frame = pack("frame", {"length": len(m1), "type": FRAMES["SIGN_ON"]}) + m1
            host.frames.stream.sendall(frame[:kept % len(frame)])
            host.close()
        self.good()

    def test_twice(self):
        card, host = self.made.card(), self.call()
        m1 = card.sign_on(host.context(), "Ada", host.verifier)
        host.frames.send("SIGN_ON", m1)
        host.frames.expect("SIGN_ON_RESPONSE")
        self.refuses(host, "SIGN_ON", m1, "ORDER")
        host, card = self.signed_on()
        m3 = card.answer_audit()
        host.frames.send("AUDIT_RESPONSE", m3)
        host.frames.expect("AUDIT_RESULT")
        self.refuses(host, "AUDIT_RESPONSE", m3, "ORDER")
        host, card = self.opened()
        text = pack("host_request", {"operation": DONE})
        record = card.traffic.host_to_server.seal("HOST_DATA", text)
        host.frames.send("HOST_DATA", record)
        host.frames.expect("HOST_DATA")
        self.refuses(host, "HOST_DATA", record, "RECORD")
        self.good()

    def test_sign_on_of_another_connection(self):
        """Recorded, and played to a new connection; and a second time on its own, after a sign-off."""
        card, host = self.made.card(), self.call()
        m1 = card.sign_on(host.context(), "Ada", host.verifier)
        host.frames.send("SIGN_ON", m1)
        card.open_response(host.frames.expect("SIGN_ON_RESPONSE"))
        self.refuses(self.call(), "SIGN_ON", m1, "SESSION_KEY")
        host.audit(card)
        host.sign_off()
        self.refuses(host, "SIGN_ON", m1, "SESSION_KEY")
        self.good()

    def test_out_of_order(self):
        host, card = self.signed_on()
        m3 = card.answer_audit()
        self.refuses(self.call(), "AUDIT_RESPONSE", m3, "ORDER")
        for frame in ("HOST_DATA", "CARD_DATA", "SIGN_OFF"):
            self.refuses(self.call(), frame, bytes(40) if frame != "SIGN_OFF" else b"", "ORDER")
            self.refuses(self.signed_on()[0], frame, bytes(40) if frame != "SIGN_OFF" else b"", "ORDER")
        self.refuses(self.opened()[0], "CARD_DATA", bytes(40), "ORDER")
        host, card = self.opened()
        first, second = (card.traffic.host_to_server.seal("HOST_DATA", b"\x03") for _ in range(2))
        self.refuses(host, "HOST_DATA", second, "RECORD")
        self.assertNotEqual(first, second)
        self.good()

    def test_reflected(self):
        """What the server has sent comes back to it."""
        for suite in ("p256", "shared"):
            card, host = self.made.card(suite), self.call()
            host.frames.send("SIGN_ON", card.sign_on(host.context(), "Ada", host.verifier))
            m2 = host.frames.expect("SIGN_ON_RESPONSE")
            self.refuses(host, "AUDIT_RESPONSE", m2, "RECORD")
        self.refuses(self.call(), "GREETING", self.call().greeting, "MESSAGE")
        host, card = self.opened()
        host.frames.send("HOST_DATA", card.traffic.host_to_server.seal("HOST_DATA", b"\x03"))
        self.refuses(host, "HOST_DATA", host.frames.expect("HOST_DATA"), "RECORD")
        self.good()

    def test_frames_of_no_business(self):
        known = set(NAMES)
        for number in range(256):
            if number in known and NAMES[number] not in ("ENROL", "KMS_VERIFY", "KMS_MANUFACTURE"):
                continue
            host = Call(self.house.address)
            host.frames.stream.sendall(bytes([0, 1, number, 0]))
            self.expect(host, "MESSAGE")
        self.good()

    def test_error_signal_is_only_a_hint(self):
        """A forged one ends the session and nothing else: the PSD and the user are served at once."""
        host, _ = self.signed_on()
        host.frames.send("ERROR_SIGNAL", pack("error_signal", {"signal": 6, "step": 218, "wait": 4000000000}))
        self.assertIsNone(self.verdict(host))
        self.good()

    def test_suites_are_not_talked_away(self):
        """p256 without forward secrecy, which this server does not offer; a suite that no one has."""
        host = self.call()
        card = self.made.card("p256", False)
        self.refuses(host, "SIGN_ON", card.sign_on(host.context(), "Ada", host.verifier), "SUITE")
        host = self.call()
        m1 = bytearray(self.made.card().sign_on(host.context(), "Ada", host.verifier))
        m1[1] = 8
        self.refuses(host, "SIGN_ON", bytes(m1), "SUITE", "MESSAGE")
        self.good()

    def test_session_data_under_keys_of_the_card(self):
        """The four keys are four: no record of one direction or party opens as another's."""
        for name in ("card to server", "server to card", "server to Host"):
            host, card = self.opened()
            other = Direction(card.traffic.expanded[name])
            self.refuses(host, "HOST_DATA", other.seal("HOST_DATA", b"\x03"), "RECORD")
        host, card = self.signed_on()
        forged = Direction(card.traffic.expanded["server to card"])
        self.refuses(host, "AUDIT_RESPONSE", forged.seal("AUDIT_RESPONSE", bytes(size_of("audit") + 32)), "RECORD")
        self.good()


if __name__ == "__main__":
    unittest.main()
