"""DSA of 1024 bits with the parameters of RFC 6979, A.2.1, over SHA-256; signatures are r and s, 20 bytes each."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, utils

DSA_NUMBERS = dsa.DSAParameterNumbers(
    int("86F5CA03DCFEB225063FF830A0C769B9DD9D6153AD91D7CE27F787C43278B447E6533B86B18BED6E8A48B784A14C252C5BE0DBF60B86D638"
        "5BD2F12FB763ED8873ABFD3F5BA2E0A8C0A59082EAC056935E529DAF7C610467899C77ADEDFC846C881870B7B19B2B58F9BE0521A17002E3"
        "BDD6B86685EE90B3D9A1B02B782B1779", 16),
    int("996F967F6C8E388D9E28D01E205FBA957A5698B1", 16),
    int("07B0F92546150B62514BB771E2A0C0CE387F03BDA6C56B505209FF25FD3C133D89BBCD97E904E09114D9A7DEFDEADFC9078EA544D2E401AE"
        "ECC40BB9FBBF78FD87995A10A1C27CB7789B594BA7EFB5C4326A9FE59A070E136DB77175464ADCA417BE5DCE2F40D10A46A3A3943F26AB7F"
        "D9C0398FF8C76EE0A56826A8A88F1DBD", 16))


def dsa_pair(secret):
    """From a number between 0 and q."""
    y = pow(DSA_NUMBERS.g, secret, DSA_NUMBERS.p)
    return dsa.DSAPrivateNumbers(secret, dsa.DSAPublicNumbers(y, DSA_NUMBERS)).private_key()


def dsa_point(pair):
    """y, 128 bytes."""
    return pair.public_key().public_numbers().y.to_bytes(128, "big")


def dsa_sign(pair, text):
    r, s = utils.decode_dss_signature(pair.sign(text, hashes.SHA256()))
    return r.to_bytes(20, "big") + s.to_bytes(20, "big")


def dsa_verify(y, signature, text):
    r, s = (int.from_bytes(half, "big") for half in (signature[:20], signature[20:]))
    key = dsa.DSAPublicNumbers(int.from_bytes(y, "big"), DSA_NUMBERS).public_key()
    try:
        key.verify(utils.encode_dss_signature(r, s), text, hashes.SHA256())
        return True
    except InvalidSignature:
        return False
