#!/usr/bin/python3
"""Hostile cards and hostile Hosts at the real meter server."""

import os

import psd_crypto as crypto
from hostile import SIGNALS, HostileTest, pack, unittest
from psd_handshake import stretch
from psd_house import CHEAP, NEW_PASSWORD, REGISTER, Call


class HostileCard(HostileTest):
    def audit_refused(self, card, *names, sign=True, **values):
        """The audit that `card` answers with these fields is refused."""
        host = Call(self.house.address)
        host.sign_on(card)
        self.refuses(host, "AUDIT_RESPONSE", card.answer_audit(**values), *names)

    def test_without_k3(self):
        card = self.made.card()
        card.k3 = os.urandom(32)
        self.audit_refused(card, "SIGNATURE")
        self.good()

    def test_k3_of_another_psd(self):
        card = self.made.card()
        card.k3 = self.house.manufacture().keys["key"]
        self.audit_refused(card, "SIGNATURE")
        self.good()

    def test_key_pair_nobody_endorsed(self):
        card = self.made.card()
        card.pair = crypto.new_pair()
        self.audit_refused(card, "SIGNATURE")
        self.good()

    def test_audit_of_another_session(self):
        """Signed by the real card, recorded by who knows the session key, and sealed anew in the next session."""
        _, old = self.opened()
        seen = []
        old.traffic.to_server.seal = lambda frame, text, additional=b"": seen.append(text)
        old.answer_audit()
        host, card = self.signed_on()
        self.refuses(host, "AUDIT_RESPONSE", card.traffic.to_server.seal("AUDIT_RESPONSE", seen[0]), "AUDIT")
        self.good()

    def test_audit_that_is_not_what_it_should_be(self):
        for values in ({"nonce": bytes(16)}, {"transcript": bytes(32)}, {"serial": 1}, {"vendor": b"XX"}):
            self.audit_refused(self.made.card(), "AUDIT", **values)
        for kind in (0, 3, 255):
            self.audit_refused(self.made.card(), "MESSAGE", type=kind)
        self.audit_refused(self.made.card(), "MESSAGE", type=2)
        self.good()

    def test_absurd_but_authentic(self):
        """A card may say of itself what it likes, and signs it: it is written down, and harms nobody."""
        most = {8: (1 << 63) - 1, 4: (1 << 32) - 1, 1: 255}
        for field, size in (("ascending", 8), ("piece_count", 4), ("state", 1), ("fault", 1), ("time", 8),
                            ("warn_after", 4), ("log_count", 4), ("vendor_key", 4)):
            host, card = Call(self.house.address), self.made.card()
            host.sign_on(card)
            host.frames.send("AUDIT_RESPONSE", card.answer_audit(**{field: most[size]}))
            card.open_result(host.frames.expect("AUDIT_RESULT"))
            host.close()
        self.good()

    def test_of_every_length(self):
        """Records that open, around a text of any length."""
        for length in [*range(0, 400, 3), 1000, 4000, 4080]:
            host, card = Call(self.house.address), self.made.card("shared")
            host.sign_on(card)
            text = card.traffic.to_server.seal("AUDIT_RESPONSE", os.urandom(length))
            host.frames.send("AUDIT_RESPONSE", text)
            self.expect(host, "MESSAGE", "RECORD", "AUDIT")
        self.good()

    def test_of_nobody(self):
        made = self.made
        for device in ({**made.device, "serial": 0xFFFFFFFF}, {**made.device, "vendor": b"XX"}):
            card = made.card()
            card.device = device
            self.audit_refused(card, "DEVICE")
        self.good()

    def test_registered_to_another(self):
        house = self.house
        house.server_command("user", "add", "Eve", "--account", "1", "--password-file", house.password, *CHEAP)
        made = house.manufacture()
        host, card = self.opened(made=made)
        self.assertEqual(host.ask(card, REGISTER), 0)
        host = Call(house.address)
        host.verifier = stretch(host.greeting, "Eve", "correct horse")
        host.sign_on(card, "Eve")
        self.refuses(host, "AUDIT_RESPONSE", card.answer_audit(), "NOT_REGISTERED")
        self.opened(made=made)


class HostileHost(HostileTest):
    options = ("--lock-after", "3", "--lock-first", "2")

    def test_commands_under_the_hosts_keys(self):
        """CARD_DATA that its own keys have sealed."""
        self.house.kms_command("rotate", "--kind", "vendor")
        self.house.kms.kill()
        self.house.kms = self.house.start_kms("meter")
        self.house.server.kill()
        self.house.restart_server()
        host, card = self.opened()
        self.assertEqual(host.ask(card, REGISTER), 0)
        host, card = self.opened()
        host.frames.expect("CARD_DATA")
        forged = card.traffic.host_to_server.seal("CARD_DATA", b"\x90\x00")
        self.refuses(host, "CARD_DATA", forged, "RECORD")
        self.good()

    def test_names_that_are_none(self):
        for name in (b"", b"\xFF" * 32, b"a\0b", b"nobody", b"Ada\0x", b"\xC0\x80", b"' OR 1=1 --"):
            host, card = Call(self.house.address), self.made.card("shared")
            m1 = self.sign_on_as(card, host, name)
            self.refuses(host, "SIGN_ON", m1, "USER")
        self.good()

    def sign_on_as(self, card, host, name):
        """M1 with a name that is given in bytes."""
        class Bytes(str):
            def encode(self, *_):
                return name
        return card.sign_on(host.context(), Bytes(), host.verifier)

    def test_guessing(self):
        """After three failures the name is locked, the right password does not help, and the signal tells how long."""
        house = self.house
        house.server_command("user", "add", "Guess", "--account", "1", "--password-file", house.password, *CHEAP)
        waits = []
        for _ in range(4):
            host = self.call()
            host.verifier = os.urandom(32)
            host.frames.send("SIGN_ON", self.made.card("shared").sign_on(host.context(), "Guess", host.verifier))
            said = self.verdict(host)
            self.assertEqual((said.signal, said.step), (SIGNALS["USER"], 218))
            waits.append(said.wait)
        self.assertEqual(waits[0], 0)
        self.assertGreater(waits[-1], 0)
        self.good()

    def test_another_password_without_the_old(self):
        made = self.house.manufacture()
        host, card = self.opened(made=made)
        self.assertEqual(host.ask(card, REGISTER), 0)
        for _ in range(2):
            wrong = pack("new_password", {"verifier": os.urandom(32), "next": bytes(32)})
            self.assertEqual(host.ask(card, NEW_PASSWORD, wrong), SIGNALS["USER"])
        self.assertEqual(host.ask(card, 77), SIGNALS["REQUEST"])
        self.assertEqual(host.ask(card, REGISTER, b"more"), SIGNALS["REQUEST"])
        self.good()

if __name__ == "__main__":
    unittest.main()
