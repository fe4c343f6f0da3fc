#!/usr/bin/python3
"""Inputs for the fuzz target host_session: a session that comes about, in each suite, and the same with one thing wrong.

    seeds.py FOLDER
"""

import os
import sys

import psd_crypto as crypto
from psd_handshake import Card, Kms, Server, context_of, pack_with_zeroes
from psd_layout import FRAMES, SUITES, pack
from psd_wire import tlv

OK = b"\x90\x00"
DEVICE = {"vendor": b"PB", "model": b"S1", "serial": 1}


def conversation(suite, forward=False):
    """What server and card say, two sessions long: frames, answers."""
    kms = Kms(1, crypto.new_pair())
    kms.shared[1], kms.k4[1] = os.urandom(32), os.urandom(32)
    greeting = pack("greeting", {"protocol": 1, "suites": 7, "key": 1, "nonce": os.urandom(16), "realm": b" " * 32,
                                 "memory": 8192, "passes": 1, "lanes": 1})
    frames, answers = [("GREETING", greeting)], []
    for ordinal in range(2):
        card = Card(suite, forward, 1, kms.shared[1] if suite == "shared" else crypto.point(kms.pair), kms.k4[1], DEVICE)
        session(frames, answers, card, Server(kms, context_of(greeting, ordinal)))
    return frames, answers


def session(frames, answers, card, server):
    status = pack_with_zeroes("key_status", {"loaded": 0xFFFF})
    policy = pack("session_policy", {"suites": 7, "forward": int(card.forward)})
    m1 = card.sign_on(server.context, "anna", b"\xA5" + bytes(31))
    server.take_sign_on(m1)
    m2 = server.answer()
    card.open_response(m2)
    m3 = card.answer_audit()
    m4 = server.take_audit(m3)
    result = pack("audit_result", card.open_result(m4))
    host = pack("host_session", {"session": server.identifier, "time": server.now, "nonce": server.nonce,
                                 "to_server": server.traffic.expanded["Host to server"],
                                 "to_host": server.traffic.expanded["server to Host"]})
    answers += [status + OK, policy + OK, tlv(0x7C, tlv(0x82, m1)) + OK, host + OK, tlv(0x7C, tlv(0x82, m3)) + OK,
                result + OK]
    frames += [("SIGN_ON_RESPONSE", m2), ("AUDIT_RESULT", m4)]
    for operation in (1, 2, 3):
        answer = pack("host_answer", {"operation": operation, "signal": 0})
        frames.append(("HOST_DATA", server.traffic.server_to_host.seal("HOST_DATA", answer)))


def seed(suite, frames, answers):
    says = b"".join(pack("frame", {"length": len(body), "type": FRAMES[name]}) + body for name, body in frames)
    return (bytes([SUITES.get(suite, 0)]) + len(says).to_bytes(2, "big") + says
            + b"".join(len(answer).to_bytes(2, "big") + answer for answer in answers))


def main(folder):
    for name, suite, forward in (("p256", "p256", True), ("plain", "p256", False), ("shared", "shared", False)):
        frames, answers = conversation(suite, forward)
        seeds = {name: seed(suite, frames, answers), name + "-any": seed("", frames, answers)}
        refusal = pack("error_signal", {"signal": 6, "step": 218, "wait": 9})
        for at in (0, 1, 2, 3):
            seeds[f"{name}-signal-{at}"] = seed(suite, frames[:at] + [("ERROR_SIGNAL", refusal)], answers)
            seeds[f"{name}-order-{at}"] = seed(suite, frames[:at] + frames[at + 1:], answers)
        for at in range(6):
            seeds[f"{name}-refuses-{at}"] = seed(suite, frames, answers[:at] + [b"\x63\x00"])
            seeds[f"{name}-cut-{at}"] = seed(suite, frames, answers[:at] + [answers[at][:len(answers[at]) // 2] + OK])
        seeds[name + "-command"] = seed(suite, frames[:3] + [("CARD_DATA", bytes(40))], answers[:6] + [bytes(20) + OK])
        for file, data in seeds.items():
            with open(os.path.join(folder, file), "wb") as out:
                out.write(data)


if __name__ == "__main__":
    main(sys.argv[1])
