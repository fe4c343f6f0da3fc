"""Funds and the provider's orders, written from docs/funds.md: the key management system's end of it."""

import time

from psd_crypto import hmac256
from psd_evidence import TokenSets
from psd_funds import (AUTHORIZATION_LABEL, LOADED, LOADING, RECEIPT_LABEL, REQUEST_LABEL, WITHDRAWING, WITHDRAWN,
                       device_of, order_authentication)
from psd_handshake import DEVICE_FIELDS, Kms
from psd_layout import COMMANDS, pack, size_of, unpack


class FundsKms(Kms):
    """The key management system with its word about funds and orders. `now` is its clock, `most` its limit."""

    def __init__(self, *arguments, most=100000000, now=None):
        super().__init__(*arguments)
        self.most, self.now, self.authorized = most, now or (lambda: int(time.time())), []
        self.tokens = TokenSets()

    def fund(self, signed, expiry):
        """S2 for a PSD's signed request."""
        text, signature = signed[:size_of("funds_request")], signed[size_of("funds_request"):]
        said = unpack("funds_request", text)
        load = said["operation"] == LOADING
        if not load and said["operation"] != WITHDRAWING or not self.now() < expiry <= self.now() + 3600 \
                or load and not 0 < said["amount"] <= self.most or said["amount"] + said["control_total"] >= 1 << 63:
            raise ValueError("this is not authorized")
        self.check_signature(said, REQUEST_LABEL, text, signature)
        self.authorized.append((said["sequence"], said["amount"]))
        authorization = {**{field: said[field] for field in (*DEVICE_FIELDS, "group", "sequence", "amount")},
                         "operation": LOADED if load else WITHDRAWN, "expiry": expiry,
                         "control_total": said["control_total"] + (said["amount"] if load else 0)}
        return self.authenticate(authorization)

    def authenticate(self, authorization):
        text = pack("funds_authorization", authorization)
        return text + hmac256(self.k4[authorization["serial"]], AUTHORIZATION_LABEL, text)

    def receipt(self, signed):
        """The fields of a PSD's receipt, its signature verified."""
        text, signature = signed[:size_of("funds_receipt")], signed[size_of("funds_receipt"):]
        said = unpack("funds_receipt", text)
        self.check_signature(said, RECEIPT_LABEL, text, signature)
        return said

    def order(self, name, device, number, content=b"", p1=0):
        """The data of a provider's command: content and ORDER."""
        authentication = order_authentication(self.k4[device["serial"]], COMMANDS[name], p1, device_of(device), number,
                                              content)
        return content + pack("order", {"number": number, "authentication": authentication})

