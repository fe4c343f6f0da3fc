"""The sealed keys of a key management system, opened with the passphrase as docs/kms.md says ("On the disk")."""

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from psd_crypto import unseal
from psd_layout import pack, take

TOKEN = 12  # the kind of the masters of tokens: server/kms/keys.def


def open_keys(path, passphrase):
    """The rows of all keys: fields of KMS_KEY_ROW."""
    with open(path, "rb") as file:
        seal, body = take("kms_seal", file.read())
    key = Scrypt(salt=seal["salt"], length=32, n=1 << seal["cost"], r=8, p=1).derive(passphrase.encode())
    head = seal["magic"] + bytes([seal["cost"]]) + seal["salt"]
    store_key = unseal(key, seal["nonce"], head, seal["wrapped"] + seal["tag"])
    text = unseal(store_key, seal["body_nonce"], pack("kms_seal", seal)[:-16], body + seal["body_tag"])
    said, rest = take("kms_body", text)
    rows = []
    for _ in range(said["keys"]):
        row, rest = take("kms_key_row", rest)
        rest = rest[row["more"]:]
        rows.append(row)
    return said["domain"], rows


def newest(rows, kind):
    return max((row for row in rows if row["kind"] == kind), key=lambda row: row["identifier"])
