#!/usr/bin/python3
"""Computes every value of the recorded sessions (transcripts/) from their secrets, as docs/handshake.md and docs/funds.md
say."""

import os
import unittest

from cryptography.hazmat.primitives.serialization import load_der_private_key

import psd_crypto as crypto
from psd_crypto import expand, hash256, hmac256
from psd_funds import Meter, parse_command
from psd_funds_kms import FundsKms
from psd_handshake import ECDSA_KIND, Direction, Server, sealed_user, split_sign_on
from psd_layout import COMMANDS, pack, size_of, unpack

FOLDER = os.path.join(os.path.dirname(os.path.realpath(__file__)), "transcripts")


def read(name):
    values = {}
    with open(os.path.join(FOLDER, name), encoding="ascii") as lines:
        for line in lines:
            if not line.startswith("#"):
                key, value = line.rstrip("\n").split(" = ")
                values[key] = bytes.fromhex(value)
    return values


class Recorded(unittest.TestCase):
    def kms(self, suite, said, values):
        """The key management system with the K2 of the record."""
        kms = FundsKms(said["key"])
        if suite == 1:
            kms.pair = crypto.secret_key(values["K2"])
        elif suite == 2:
            kms.rsa = load_der_private_key(values["K2"], None)
        else:
            kms.shared[said["serial"]] = values["K2"]
        return kms

    def check_sign_on(self, values):
        head, wrapped, sealed = split_sign_on(values["M1"])
        said = unpack("sign_on", head)
        kms = self.kms(said["suite"], said, values)
        self.assertEqual(kms.unwrap(values["context"], head, wrapped), values["K_S"])
        if said["suite"] == 1:
            pair = crypto.secret_key(values["card_ephemeral"])
            again = crypto.hpke_seal(pair, crypto.point(kms.pair), b"psd sign-on", head + values["context"],
                                     values["K_S"])
            self.assertEqual(again, wrapped)
        key, vector, aad = sealed_user(values["K_S"], values["context"], head, wrapped)
        self.assertEqual(crypto.seal(key, vector, aad, values["user"]), sealed)
        self.assertEqual(hash256(values["context"], values["M1"]), values["th1"])
        return kms, said

    def check_response(self, kms, said, values):
        terms = unpack("sign_on_terms", values["terms"])
        ephemeral = crypto.secret_key(values["server_ephemeral"]) if said["forward"] else None
        server = Server(kms, values["context"], values["session"], terms["nonce"], ephemeral, terms["time"])
        server.take_sign_on(values["M1"])
        self.assertEqual(server.answer(), values["M2"])
        self.assertEqual((server.traffic.th, server.traffic.prk, server.th2), (values["th"], values["prk"],
                                                                               values["th2"]))
        for name, expanded in server.traffic.expanded.items():
            self.assertEqual(expanded, values[name.lower().replace(" ", "_")], name)
            self.assertEqual(expanded, expand(values["prk"], "psd " + name, 44))
        return server

    def check_audit(self, server, kms, values):
        audit = unpack("audit", values["audit"])
        self.assertEqual(audit["transcript"], values["th2"])
        text = Direction(values["card_to_server"]).open("AUDIT_RESPONSE", values["M3"])
        self.assertEqual(text[:size_of("audit")], values["audit"])
        signature = text[size_of("audit"):]
        kms.k4[audit["serial"]] = values["K3"]
        if audit["type"] == ECDSA_KIND:
            kms.points[audit["serial"]] = crypto.point(crypto.secret_key(values["K3_pair"]))
        else:
            self.assertEqual(signature, hmac256(values["K3"], b"psd audit response", values["audit"]))
        result = unpack("audit_result", values["result"])
        wishes = {field: result[field] for field in ("actions", "time", "warn_after", "lock_after")}
        self.assertEqual(result["audit"], hash256(text))
        self.assertEqual(pack("audit_result", result), values["result"])
        self.assertEqual(server.take_audit(values["M3"], **wishes), values["M4"])

    def check_data(self, server, values):
        self.assertEqual(server.traffic.to_card.seal("CARD_DATA", values["command"]), values["command_record"])
        answer = server.traffic.to_server.open("CARD_DATA", values["answer_record"])
        self.assertEqual(answer, values["M1"][size_of("sign_on") - 8:size_of("sign_on")] + b"\x90\x00")

    def meter(self, values):
        """The card as its audit tells of it."""
        said = unpack("audit", values["audit"])
        pair = crypto.secret_key(values["K3_pair"]) if "K3_pair" in values else None
        meter = Meter("shared", False, said["vendor_key"], None, values["K3"],
                      {field: said[field] for field in ("vendor", "model", "serial")}, pair, now=lambda: said["time"])
        for group, prefix in zip(meter.groups, ("", "certificate_")):
            for name in ("ascending", "descending", "control_total"):
                setattr(group, name, said[prefix + name])
        meter.groups[0].piece_count, meter.groups[1].piece_count = said["piece_count"], said["certificate_count"]
        meter.limits, meter.state = unpack("limits", values["limits"]), said["state"]
        return meter

    def exchange(self, server, meter, values, name):
        """One command: its records, and the card's answer, which another card gives as well. Data and answer."""
        order, answer = values[name + "_command"], values[name + "_answer"]
        self.assertEqual(server.traffic.to_card.seal("CARD_DATA", order), values[name + "_command_record"])
        self.assertEqual(server.traffic.to_server.open("CARD_DATA", values[name + "_answer_record"]), answer)
        self.assertEqual(answer[-2:], b"\x90\x00")
        again = meter.obey(order)
        if meter.pair and len(answer) > 2:  # ECDSA is another one each time
            again, answer = again[:-66], answer[:-66]
        self.assertEqual(again, answer, name)
        return parse_command(order)[1], values[name + "_answer"][:-2]

    def check_funds(self, server, kms, values):
        meter = self.meter(values)
        kms.now = meter.now

        def heard(name):
            return self.exchange(server, meter, values, name)
        _, request = heard("load")
        authorized, receipt = heard("credit")
        self.assertEqual(kms.fund(request, kms.now() + 3600), authorized)
        self.assertEqual(kms.receipt(receipt)["sequence"], 1)
        meter.last = receipt
        self.assertEqual(heard("credit_again"), (authorized, receipt))
        heard("load_to_cancel")
        number, receipt = heard("cancel")
        self.assertEqual((number, kms.receipt(receipt)["sequence"]), (bytes([0, 0, 0, 2]), 2))
        _, request = heard("withdraw")
        meter.last = request
        self.assertEqual(heard("last"), (b"", request))
        authorized, receipt = heard("complete")
        self.assertEqual(kms.fund(request, kms.now() + 3600), authorized)
        self.assertEqual(kms.receipt(receipt)["sequence"], 3)
        self.check_orders(heard, kms, meter, values)

    def check_orders(self, heard, kms, meter, values):
        names = ("SET_LIMITS", "SET_WATCHDOG", "SET_CLOCK", "SET_LICENCE", "DISABLE", "ENABLE")
        for number, name in enumerate(names, 1):
            (_, ins, p1, _), _ = parse_command(values[f"order_{number}_command"])
            data, _ = heard(f"order_{number}")
            self.assertEqual((ins, data), (COMMANDS[name], kms.order(name, meter.device, number,
                                                                     data[:-size_of("order")], p1)))
        self.assertNotIn(f"order_{len(names) + 1}_command", values)

    def test_transcripts(self):
        names = sorted(name for name in os.listdir(FOLDER) if name.endswith(".txt") and not name.startswith("evidence"))
        self.assertEqual(names, ["funds-key-pair.txt", "funds.txt", "p256-key-pair.txt", "p256-plain.txt", "p256.txt",
                                 "rsa.txt", "shared.txt"])
        for name in names:
            with self.subTest(name):
                values = read(name)
                kms, said = self.check_sign_on(values)
                server = self.check_response(kms, said, values)
                self.check_audit(server, kms, values)
                if name.startswith("funds"):
                    self.check_funds(server, kms, values)
                else:
                    self.check_data(server, values)


if __name__ == "__main__":
    unittest.main()
