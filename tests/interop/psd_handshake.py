"""The three-key handshake, written from docs/handshake.md: the card's end of it, and the meter server's with its key
management system. Nothing here sends anything: psd_wire.py does."""

import os
import time

import psd_crypto as crypto
from psd_crypto import NotAuthentic, expand, hash256, hmac256
from psd_layout import FRAMES, SUITES, pack, size_of, take, unpack

HMAC_KIND, ECDSA_KIND = 1, 2
DEVICE_FIELDS = ("vendor", "model", "serial")


def context_of(greeting, ordinal):
    return hash256(b"psd call", greeting, ordinal.to_bytes(4, "big"))


def stretch(greeting, name, password):
    """The verifier of a password."""
    from argon2.low_level import Type, hash_secret_raw  # Debian: python3-argon2
    said = unpack("greeting", greeting)
    salt = hash256(b"psd password", said["realm"], b"\0", name.encode())[:16]
    if not 8192 <= said["memory"] <= 1 << 20 or not 1 <= said["passes"] <= 16 or not 1 <= said["lanes"] <= 16:
        raise ValueError("the server asks for too much or too little")
    return hash_secret_raw(password.encode(), salt, said["passes"], said["memory"], said["lanes"], 32, Type.ID, 19)


class Direction:
    """One of the four traffic keys: seals or opens records, and counts them."""

    def __init__(self, expanded):
        self.key, self.vector, self.number = expanded[:32], expanded[32:44], 0

    def _nonce(self):
        number = self.number.to_bytes(12, "big")
        self.number += 1
        return bytes(a ^ b for a, b in zip(self.vector, number))

    def seal(self, frame, text, additional=b""):
        return crypto.seal(self.key, self._nonce(), bytes([FRAMES[frame]]) + additional, text)

    def open(self, frame, record, additional=b""):
        return crypto.unseal(self.key, self._nonce(), bytes([FRAMES[frame]]) + additional, record)


class Traffic:
    """The four keys of a session."""

    def __init__(self, k_s, dh, th1, response):
        self.th = hash256(th1, response)
        self.prk = crypto.extract(self.th, k_s + dh)
        self.expanded = {name: expand(self.prk, "psd " + name, 44) for name in
                         ("card to server", "server to card", "Host to server", "server to Host")}
        self.to_server = Direction(self.expanded["card to server"])
        self.to_card = Direction(self.expanded["server to card"])
        self.host_to_server = Direction(self.expanded["Host to server"])
        self.server_to_host = Direction(self.expanded["server to Host"])


def sealed_user(k_s, context, head, wrapped):
    """Key, vector and additional data of the user's identification."""
    key = expand(k_s, b"psd user identification" + context, 44)
    return key[:32], key[32:], head + context + wrapped


class Card:
    """A card in software. `vendor_key` is K1: a point, an RSA public key or the shared key."""

    def __init__(self, suite, forward, key_identifier, vendor_key, k3, device, pair=None, state=3):
        self.suite, self.forward, self.identifier, self.k1 = suite, forward, key_identifier, vendor_key
        self.k3, self.device, self.pair, self.state = k3, device, pair, state

    def sign_on(self, context, name, verifier):
        """M1."""
        self.k_s = os.urandom(32)
        self.ephemeral = crypto.new_pair()
        head = pack("sign_on", {"protocol": 1, "suite": SUITES[self.suite], "forward": int(self.forward),
                                "key": self.identifier, **self.device})
        wrapped = self._wrap(head, context)
        key, vector, aad = sealed_user(self.k_s, context, head, wrapped)
        user = pack("user", {"name": name.encode().ljust(32, b"\0"), "verifier": verifier})
        m1 = head + wrapped + crypto.seal(key, vector, aad, user)
        self.th1 = hash256(context, m1)
        return m1

    def _wrap(self, head, context):
        if self.suite == "p256":
            return crypto.hpke_seal(self.ephemeral, self.k1, b"psd sign-on", head + context, self.k_s)
        if self.suite == "rsa":
            return crypto.oaep_encrypt(self.k1, self.k_s)
        nonce = os.urandom(12)
        return nonce + crypto.seal(self.k1, nonce, head + context, self.k_s)

    def open_response(self, m2):
        """Verifies M2; afterwards `terms` is what the server told."""
        head, record = m2[:size_of("sign_on_response")], m2[size_of("sign_on_response"):]
        self.response = unpack("sign_on_response", head)
        dh = b""
        if self.forward:
            dh = crypto.agree(self.ephemeral, self.response["share"])
        elif any(self.response["share"]):
            raise NotAuthentic("a share that nobody asked for")
        self.traffic = Traffic(self.k_s, dh, self.th1, head)
        self.terms = unpack("sign_on_terms", self.traffic.to_card.open("SIGN_ON_RESPONSE", record, head))
        self.th2 = hash256(self.th1, m2)

    def answer_audit(self, **values):
        """M3: `values` are fields of AUDIT that are not to be 0."""
        fields = {"type": ECDSA_KIND if self.pair else HMAC_KIND, **self.device, "state": self.state,
                  "time": int(time.time()), "nonce": self.terms["nonce"], "transcript": self.th2,
                  "vendor_key": self.identifier}
        audit = pack_with_zeroes("audit", {**fields, **values})
        signature = self.sign(b"psd audit response", audit)
        self.audited = hash256(audit, signature)
        return self.traffic.to_server.seal("AUDIT_RESPONSE", audit + signature)

    def sign(self, label, message):
        """What proves that the card has said it: with its own key pair if it has one."""
        return crypto.ecdsa_sign(self.pair, label, message) if self.pair else hmac256(self.k3, label, message)

    def open_result(self, m4):
        """Verifies M4; the result."""
        text = self.traffic.to_card.open("AUDIT_RESULT", m4)
        result, authentication = text[:size_of("audit_result")], text[size_of("audit_result"):]
        if not crypto.same(authentication, hmac256(self.k3, b"psd audit result", result)):
            raise NotAuthentic("the audit result is not authentic")
        said = unpack("audit_result", result)
        if said["audit"] != self.audited or any(said[field] != self.device[field] for field in DEVICE_FIELDS):
            raise NotAuthentic("the result of another audit")
        return said


def pack_with_zeroes(name, values):
    from psd_layout import LAYOUTS, NUMBERS
    zeroes = {field: 0 if kind in NUMBERS else bytes(size) for field, kind, size in LAYOUTS[name]}
    return pack(name, {**zeroes, **values})


class Kms:
    """K2 in its forms, and K4 = K3 of the PSDs by serial number."""

    def __init__(self, identifier, pair=None, rsa=None):
        self.identifier, self.pair, self.rsa = identifier, pair, rsa
        self.shared, self.k4, self.points = {}, {}, {}

    def unwrap(self, context, head, wrapped):
        said = unpack("sign_on", head)
        if said["key"] != self.identifier:
            raise NotAuthentic("another vendor key")
        if said["suite"] == SUITES["p256"]:
            return crypto.hpke_open(self.pair, wrapped, b"psd sign-on", head + context)
        if said["suite"] == SUITES["rsa"]:
            return crypto.oaep_decrypt(self.rsa, wrapped)
        return crypto.unseal(self.shared[said["serial"]], wrapped[:12], head + context, wrapped[12:])

    def verify(self, audit, signature, wishes):
        """Verifies a signed audit (244, 246); the authenticated result."""
        said = unpack("audit", audit)
        self.check_signature(said, b"psd audit response", audit, signature)
        result = pack("audit_result", {**{field: said[field] for field in DEVICE_FIELDS},
                                       "audit": hash256(audit, signature), **wishes})
        return result + hmac256(self.k4[said["serial"]], b"psd audit result", result)

    def check_signature(self, said, label, message, signature):
        """Whether a PSD has said it; `said` are the message's fields. One with a key pair signs with nothing else."""
        serial = said["serial"]
        if (said["type"] == ECDSA_KIND) != (serial in self.points):
            raise NotAuthentic("the wrong kind of signature")
        if serial in self.points:
            good = crypto.ecdsa_verify(self.points[serial], signature, label, message)
        else:
            good = crypto.same(signature, hmac256(self.k4[serial], label, message))
        if not good:
            raise NotAuthentic("the signature of the PSD")


def split_sign_on(m1):
    head = m1[:size_of("sign_on")]
    return head, m1[size_of("sign_on"):-80], m1[-80:]


class Server:
    """The meter server's end of one session."""

    def __init__(self, kms, context, response=None, nonce=None, ephemeral=None, now=None):
        self.kms, self.context = kms, context
        self.identifier = response or os.urandom(16)
        self.nonce = nonce or os.urandom(16)
        self.ephemeral = ephemeral or crypto.new_pair()
        self.now = now or int(time.time())

    def take_sign_on(self, m1):
        """Opens M1 (212-216); `user` is who signs on."""
        head, wrapped, sealed = split_sign_on(m1)
        self.signed_on = unpack("sign_on", head)
        self.k_s = self.kms.unwrap(self.context, head, wrapped)
        key, vector, aad = sealed_user(self.k_s, self.context, head, wrapped)
        self.user = unpack("user", crypto.unseal(key, vector, aad, sealed))
        self.th1 = hash256(self.context, m1)
        self.card_share = wrapped[:65]

    def answer(self):
        """M2 (222)."""
        forward = self.signed_on["forward"]
        share = crypto.point(self.ephemeral) if forward else bytes(65)
        dh = crypto.agree(self.ephemeral, self.card_share) if forward else b""
        head = pack("sign_on_response", {"session": self.identifier, "share": share})
        self.traffic = Traffic(self.k_s, dh, self.th1, head)
        terms = pack("sign_on_terms", {"time": self.now, "nonce": self.nonce})
        m2 = head + self.traffic.to_card.seal("SIGN_ON_RESPONSE", terms, head)
        self.th2 = hash256(self.th1, m2)
        return m2

    def take_audit(self, m3, **wishes):
        """Opens M3, has it verified (240-246), and makes M4. `wishes` are fields of AUDIT_RESULT."""
        text = self.traffic.to_server.open("AUDIT_RESPONSE", m3)
        audit, signature = text[:size_of("audit")], text[size_of("audit"):]
        self.audit = unpack("audit", audit)
        mine = {"nonce": self.nonce, "transcript": self.th2,
                **{field: self.signed_on[field] for field in DEVICE_FIELDS}}
        if any(self.audit[field] != value for field, value in mine.items()):
            raise NotAuthentic("the audit of another session")
        wishes = {"actions": 0, "time": self.now, "warn_after": 0, "lock_after": 0, **wishes}
        return self.traffic.to_card.seal("AUDIT_RESULT", self.kms.verify(audit, signature, wishes))


def command_to_card(server, apdu):
    """A CARD_DATA record with a command of the server."""
    return server.traffic.to_card.seal("CARD_DATA", apdu)


def answer_of_card(server, record):
    return server.traffic.to_server.open("CARD_DATA", record)


__all__ = ["Card", "Kms", "NotAuthentic", "Server", "answer_of_card", "command_to_card", "context_of",
           "pack_with_zeroes", "split_sign_on", "stretch", "take"]
