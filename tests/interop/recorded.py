#!/usr/bin/python3
"""Computes every value of the recorded handshakes (transcripts/) from their secrets, as docs/handshake.md says."""

import os
import unittest

from cryptography.hazmat.primitives.serialization import load_der_private_key

import psd_crypto as crypto
from psd_crypto import expand, hash256, hmac256
from psd_handshake import ECDSA_KIND, Direction, Kms, Server, sealed_user, split_sign_on
from psd_layout import pack, size_of, unpack

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
        kms = Kms(said["key"])
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

    def test_transcripts(self):
        names = sorted(name for name in os.listdir(FOLDER) if name.endswith(".txt"))
        self.assertEqual(names, ["p256-key-pair.txt", "p256-plain.txt", "p256.txt", "rsa.txt", "shared.txt"])
        for name in names:
            with self.subTest(name):
                values = read(name)
                kms, said = self.check_sign_on(values)
                server = self.check_response(kms, said, values)
                self.check_audit(server, kms, values)
                self.check_data(server, values)


if __name__ == "__main__":
    unittest.main()
