"""The primitives that docs/handshake.md names, on Python's standard library and python3-cryptography."""

import hashlib
import hmac as hmac_module

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()


class NotAuthentic(Exception):
    """A message is not from whom it should be."""


def hash256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hmac256(key, *parts):
    return hmac_module.new(key, b"".join(parts), hashlib.sha256).digest()


def same(one, other):
    return hmac_module.compare_digest(one, other)


def extract(salt, secret):
    return hmac256(salt, secret)


def expand(prk, info, length):
    """HKDF-Expand, RFC 5869, 2.3."""
    if isinstance(info, str):
        info = info.encode("ascii")
    out, block, number = b"", b"", 1
    while len(out) < length:
        block = hmac256(prk, block, info, bytes([number]))
        out += block
        number += 1
    return out[:length]


def seal(key, nonce, aad, text):
    return AESGCM(key).encrypt(nonce, text, aad)


def unseal(key, nonce, aad, sealed):
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except (InvalidTag, ValueError) as error:
        raise NotAuthentic("does not open") from error


def secret_key(number):
    """A P-256 key pair from its 32-byte secret."""
    return ec.derive_private_key(int.from_bytes(number, "big"), CURVE)


def new_pair():
    return ec.generate_private_key(CURVE)


def point(key):
    public = key if isinstance(key, ec.EllipticCurvePublicKey) else key.public_key()
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read_point(data):
    """The library checks that it lies on the curve."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, data)
    except ValueError as error:
        raise NotAuthentic("no point of the curve") from error


def agree(pair, other):
    """The x coordinate, 32 bytes."""
    return pair.exchange(ec.ECDH(), read_point(other))


def ecdsa_sign(pair, *parts):
    r, s = utils.decode_dss_signature(pair.sign(b"".join(parts), ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def ecdsa_verify(public, signature, *parts):
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        read_point(public).verify(utils.encode_dss_signature(r, s), b"".join(parts), ec.ECDSA(hashes.SHA256()))
        return True
    except InvalidSignature:
        return False


# HPKE, RFC 9180: base mode, single shot. DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
KEM_SUITE = b"KEM" + (0x0010).to_bytes(2, "big")
HPKE_SUITE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0010, 0x0001, 0x0002))


def _labelled_extract(suite, salt, label, secret):
    return extract(salt, b"HPKE-v1" + suite + label + secret)


def _labelled_expand(suite, prk, label, info, length):
    return expand(prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


def _hpke_keys(dh, enc, recipient, info):
    eae_prk = _labelled_extract(KEM_SUITE, b"", b"eae_prk", dh)
    shared = _labelled_expand(KEM_SUITE, eae_prk, b"shared_secret", enc + recipient, 32)
    schedule = (b"\0" + _labelled_extract(HPKE_SUITE, b"", b"psk_id_hash", b"")
                + _labelled_extract(HPKE_SUITE, b"", b"info_hash", info))
    secret = _labelled_extract(HPKE_SUITE, shared, b"secret", b"")
    return (_labelled_expand(HPKE_SUITE, secret, b"key", schedule, 32),
            _labelled_expand(HPKE_SUITE, secret, b"base_nonce", schedule, 12))


def hpke_seal(pair, recipient, info, aad, text):
    """enc and ciphertext, with `pair` as the ephemeral one."""
    enc = point(pair)
    key, nonce = _hpke_keys(agree(pair, recipient), enc, recipient, info)
    return enc + seal(key, nonce, aad, text)


def hpke_open(pair, message, info, aad):
    enc, ciphertext = message[:65], message[65:]
    key, nonce = _hpke_keys(agree(pair, enc), enc, point(pair), info)
    return unseal(key, nonce, aad, ciphertext)


OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)


def oaep_encrypt(public, text):
    return public.encrypt(text, OAEP)


def oaep_decrypt(private, wrapped):
    try:
        return private.decrypt(wrapped, OAEP)
    except ValueError as error:
        raise NotAuthentic("does not unwrap") from error
