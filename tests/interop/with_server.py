#!/usr/bin/python3
"""Host and card in Python, with the real meter server and the real key management system."""

import unittest

import psd_crypto as crypto
from psd_house import DONE, NEW_PASSWORD, REGISTER, Call, House, handshake
from psd_layout import SIGNALS, pack
from psd_wire import Signal


class WithServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House("--no-forward")
        cls.made = cls.house.manufacture()

    @classmethod
    def tearDownClass(cls):
        cls.house.close()

    def complete(self, card):
        result = handshake(self.house.address, card)
        self.assertEqual({field: result[field] for field in card.device}, card.device)

    def test_p256_with_forward_secrecy(self):
        self.complete(self.made.card("p256", True))

    def test_p256_without(self):
        self.complete(self.made.card("p256", False))

    def test_rsa(self):
        self.complete(self.made.card("rsa"))

    def test_shared(self):
        self.complete(self.made.card("shared"))

    def test_thousand_key_system(self):
        self.complete(self.house.manufacture(scheme=1).card())

    def test_key_pair_of_the_psd(self):
        made = self.house.manufacture()
        card = made.card()
        card.pair = crypto.new_pair()
        answer, wrapped = self.house.ask_kms("manufacturing", "KMS_ENDORSE", pack("kms_endorse", {
            **made.device, "wrapped_k4": made.keys["wrapped_k4"], "point": crypto.point(card.pair)}))
        self.assertEqual(answer, "KMS_ENDORSED")
        made.keys["wrapped_k4"] = wrapped
        self.house.enrol(made)
        self.complete(card)

    def test_sessions_one_after_the_other_on_a_connection(self):
        host = Call(self.house.address)
        for suite in ("p256", "rsa", "shared"):
            card = self.made.card(suite)
            host.handshake(card)
            self.assertEqual(host.ask(card, DONE), 0)
            host.sign_off()
        host.close()

    def test_registration_and_new_password(self):
        made = self.house.manufacture()
        host, card = Call(self.house.address), made.card()
        host.handshake(card)
        self.assertEqual(host.ask(card, REGISTER), 0)
        same = pack("new_password", {"verifier": host.verifier, "next": host.verifier})
        self.assertEqual(host.ask(card, NEW_PASSWORD, same), 0)
        wrong = pack("new_password", {"verifier": bytes(32), "next": host.verifier})
        self.assertEqual(host.ask(card, NEW_PASSWORD, wrong), SIGNALS["USER"])
        host.close()

    def test_wrong_password(self):
        host = Call(self.house.address, "wrong horse")
        with self.assertRaises(Signal) as refusal:
            host.handshake(self.made.card())
        self.assertEqual((refusal.exception.signal, refusal.exception.step), (SIGNALS["USER"], 218))
        host.close()
        self.complete(self.made.card())

    def test_card_without_k3(self):
        card = self.made.card()
        card.k3 = bytes(32)
        host = Call(self.house.address)
        with self.assertRaises(Signal) as refusal:
            host.handshake(card)
        self.assertEqual((refusal.exception.signal, refusal.exception.step), (SIGNALS["SIGNATURE"], 246))
        host.close()
        self.complete(self.made.card())


if __name__ == "__main__":
    unittest.main()
