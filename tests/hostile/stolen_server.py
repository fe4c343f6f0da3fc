#!/usr/bin/python3
"""A meter server that was stolen with its database: what the key management system does for the thief, and what not."""

import os
import time

import psd_crypto as crypto
from hostile import SIGNALS, HostileTest, flip, pack, unittest
from psd_house import DONE
from psd_layout import SIGNAL_STEPS, size_of, unpack
from psd_wire import Signal


class StolenServer(HostileTest):
    """The thief has psd-server's files, its memory, and its way to the key management system in role meter."""

    def refused(self, name, body, *signals):
        answer, content = self.house.ask_kms("meter", name, body)
        self.assertEqual(answer, "KMS_REFUSED")
        said = Signal(content)
        self.assertIn(said.signal, [SIGNALS[signal] for signal in signals])
        self.assertIn(said.step, (SIGNAL_STEPS[said.signal], 0))

    def signed_audit(self, made):
        """What a thief sees of an audit that a real card has made: AUDIT and signature."""
        seen = []
        host, card = self.signed_on(made=made)
        real = card.traffic.to_server.seal
        card.traffic.to_server.seal = lambda frame, text, additional=b"": seen.append(text) or real(frame, text)
        host.audit(card)
        return seen[0]

    def verify(self, made, signed, wrapped=None, **wishes):
        wishes = {"actions": 0, "time": int(time.time()), "warn_after": 0, "lock_after": 0, **wishes}
        return pack("kms_verify", wishes) + (wrapped or made.keys["wrapped_k4"]) + signed

    def test_manufactures_nothing(self):
        device = {"vendor": b"PB", "model": b"S1", "serial": 1}
        self.refused("KMS_MANUFACTURE", pack("kms_manufacture", {**device, "scheme": 0, "suites": 1}), "ROLE")
        self.refused("KMS_ENDORSE", pack("kms_endorse", {**self.made.device, "wrapped_k4":
                                                         self.made.keys["wrapped_k4"],
                                                         "point": crypto.point(crypto.new_pair())}), "ROLE")

    def test_result_is_for_a_signed_audit_alone(self):
        """A real audit gets its result. Every bit of it altered, of its signature, of K4's wrapping: none."""
        signed = self.signed_audit(self.made)
        answer, content = self.house.ask_kms("meter", "KMS_VERIFY", self.verify(self.made, signed))
        self.assertEqual(answer, "KMS_VERIFIED")
        result = unpack("audit_result", content[:size_of("audit_result")])
        self.assertEqual(result["audit"], crypto.hash256(signed))
        for bit in range(8 * len(signed)):
            self.refused("KMS_VERIFY", self.verify(self.made, flip(signed, bit)), "SIGNATURE", "DEVICE_KEY", "MESSAGE")
        wrapped = self.made.keys["wrapped_k4"]
        for bit in range(8 * len(wrapped)):
            self.refused("KMS_VERIFY", self.verify(self.made, signed, flip(wrapped, bit)), "DEVICE_KEY")

    def test_result_for_another_psd(self):
        """The wrapping of one PSD's K4 is of no use for another's audit."""
        other = self.house.manufacture()
        signed = self.signed_audit(self.made)
        self.refused("KMS_VERIFY", self.verify(self.made, signed, other.keys["wrapped_k4"]), "DEVICE_KEY")

    def test_wishes(self):
        signed = self.signed_audit(self.made)
        for wishes in ({"time": int(time.time()) + 400}, {"time": int(time.time()) - 400}, {"time": 0},
                       {"actions": 0xFFFF}):
            self.refused("KMS_VERIFY", self.verify(self.made, signed, **wishes), "REQUEST")

    def test_vendor_key_for_another_psd(self):
        other = self.house.manufacture()
        self.refused("KMS_ROTATE", pack("kms_rotate", {**self.made.device, "wrapped_k4": other.keys["wrapped_k4"]}),
                     "DEVICE_KEY")

    def test_recorded_sign_on_under_another_context(self):
        card, context = self.made.card(), os.urandom(32)
        m1 = card.sign_on(context, "Ada", bytes(32))
        head, wrapped = m1[:size_of("sign_on")], m1[size_of("sign_on"):-80]
        answer, content = self.house.ask_kms("meter", "KMS_UNWRAP", context + head + wrapped)
        self.assertEqual((answer, content), ("KMS_SESSION_KEY", card.k_s))
        self.refused("KMS_UNWRAP", os.urandom(32) + head + wrapped, "SESSION_KEY")

    def test_files_and_memory_hold_no_key(self):
        """K3 = K4, transport and shared keys, and what a session was made of: neither in the database nor in the memory
        of psd-server, which has served all of them. (The keys of a session that is open are found, which shows that
        the search finds keys.)"""
        host, card = self.call(), self.made.card()
        host.handshake(card)
        host.ask(card, DONE)
        traffic = {name: expanded[:32] for name, expanded in card.traffic.expanded.items()}
        content = self.memory(self.house.server.process.pid)
        for name in ("card to server", "server to card"):
            self.assertIn(traffic[name], content, name)
        host.sign_off()
        other = self.made.card("shared")
        host.handshake(other)
        self.good()
        keys = self.made.keys
        secrets = {"K3": keys["key"], "transport key": keys["enc"], "shared key": keys["shared"], "K_S": card.k_s,
                   "K_S of the session that is open": other.k_s, "password": b"correct horse", **traffic}
        places = self.files()
        self.assertTrue(any(keys["wrapped_k4"][16:] in content for content in places.values()))
        places["memory"] = self.memory(self.house.server.process.pid)
        for place, content in places.items():
            for name, secret in secrets.items():
                self.assertNotIn(secret, content, f"{name} in {place}")

    def files(self):
        found = {}
        for name in os.listdir(self.house.folder):
            if name.startswith("meter.db"):
                with open(self.house.path(name), "rb") as file:
                    found[name] = file.read()
        return found

    def memory(self, process):
        """What is mapped and can be written: the sanitizers' shadow, which is terabytes, is left out."""
        content = bytearray()
        with open(f"/proc/{process}/maps", encoding="ascii") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
            for line in maps:
                span, access = line.split()[:2]
                begin, end = (int(number, 16) for number in span.split("-"))
                if access.startswith("rw") and end - begin <= 1 << 28:
                    memory.seek(begin)
                    try:
                        content += memory.read(end - begin)
                    except OSError:
                        pass
        return bytes(content)

if __name__ == "__main__":
    unittest.main()
