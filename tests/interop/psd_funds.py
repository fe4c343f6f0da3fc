"""Funds and the provider's orders, written from docs/funds.md: the card's end of it, and what is said to the card.
Nothing here sends anything."""

import copy
import time

from psd_crypto import hash256, hmac256, same
from psd_handshake import DEVICE_FIELDS, ECDSA_KIND, HMAC_KIND, Card
from psd_layout import COMMANDS, OPERATIONS, STATES, pack, size_of, unpack

NONE, LOADING, LOADED = (OPERATIONS[name] for name in ("NONE", "LOADING", "LOADED"))
CANCELLED, WITHDRAWING, WITHDRAWN = (OPERATIONS[name] for name in ("LOAD_CANCELLED", "WITHDRAWING", "WITHDRAWN"))
SEPARATE, MERGED, ACCOUNT = range(3)

DONE = 0x9000
NOT_AUTHENTIC, NOT_NOW, WRONG_DATA, WRONG_P1, ABSENT = 0x6300, 0x6985, 0x6A80, 0x6A86, 0x6A88
NOT_ALLOWED, UNKNOWN = 0x6982, 0x6D00
REQUEST_LABEL, RECEIPT_LABEL = b"psd funds request", b"psd funds receipt"
AUTHORIZATION_LABEL, ORDER_LABEL = b"psd funds authorization", b"psd order"

LIMITS = {"minimum_postage": 0, "maximum_postage": 99999, "maximum_descending": 10000000, "minimum_refill": 5000,
          "maximum_refill": 5000000}


def device_of(said):
    return pack("device_id", {field: said[field] for field in DEVICE_FIELDS})


def order_authentication(k3, ins, p1, device, number, content):
    return hmac256(k3, ORDER_LABEL, bytes([ins, p1]), device, number.to_bytes(4, "big"), content)


def command(name, p1=0, data=b""):
    """A command of the provider to the card: short where that is enough."""
    head = bytes([0x80, COMMANDS[name], p1, 0])
    if len(data) > 255:
        return head + b"\0" + len(data).to_bytes(2, "big") + data
    return head + (bytes([len(data)]) + data if data else b"")


def parse_command(apdu):
    """CLA, INS, P1, P2 and data (ISO/IEC 7816-4, 5.1); Le does not matter here."""
    head, body = apdu[:4], apdu[4:]
    if len(body) < 2:
        return head, b""
    if body[0] == 0 and len(body) > 3:
        length = int.from_bytes(body[1:3], "big")
        return head, body[3:3 + length]
    return head, body[1:1 + body[0]]


class Group:
    """One register group; ascending and descending register sum to the control total."""

    def __init__(self, descending=0):
        self.ascending, self.descending, self.control_total, self.piece_count = 0, descending, descending, 0

    def pay(self, amount):
        """As for an indicium."""
        self.ascending += amount
        self.descending -= amount
        self.piece_count += 1

    def charge(self, amount):
        """The same in current-account mode, where the ascending register stands alone."""
        self.ascending += amount
        self.piece_count += 1

    def told(self):
        return dict(vars(self))


class Status(Exception):
    """What the card answers instead of 9000."""


class Meter(Card):
    """A card with registers, which obeys the provider: `obey` takes a command, gives the answer. `now` is its clock."""

    def __init__(self, *arguments, now=None, state=STATES["OPERATIONAL"], **more):
        super().__init__(*arguments, state=state, **more)
        self.groups, self.mode, self.limits = [Group(), Group()], SEPARATE, dict(LIMITS)
        self.operation = {"operation": NONE, "group": 0, "final": 0, "sequence": 0, "amount": 0}
        self.refill = (0, 0)
        self.last, self.last_order, self.orders = b"", b"", 0
        self.settings, self.credit_limit, self.rates = {}, 0, b""
        self.log_count, self.log_hash = 0, bytes(32)
        self.now = now or (lambda: int(time.time()))

    def clone(self):
        """Another card with a copy of this one's memory."""
        other = copy.copy(self)
        for name in ("groups", "operation", "limits", "settings"):
            setattr(other, name, copy.deepcopy(getattr(self, name)))
        return other

    def answer_audit(self, **values):
        postage, certificates = (group.told() for group in self.groups)
        last = {"operation": self.operation["operation"], "group": self.operation["group"],
                "sequence": self.operation["sequence"], "operation_amount": self.operation["amount"]}
        told = {**postage, "certificate_count": certificates.pop("piece_count"),
                **{"certificate_" + name: value for name, value in certificates.items()}, **last, "mode": self.mode,
                "credit_limit": self.credit_limit, "refill": self.refill[0], "refill_amount": self.refill[1], "orders": self.orders, "state": self.state,
                "time": self.now(), "log_count": self.log_count, "log_hash": self.log_hash}
        return super().answer_audit(**{**told, **values})

    def open_result(self, m4):
        """The first completed audit after AUTHORIZE puts it into operation."""
        said = super().open_result(m4)
        if self.state == STATES["AUTHORIZED"]:
            self.state = STATES["OPERATIONAL"]
        self.log(b"audit")
        return said

    def log(self, words):
        self.log_count += 1
        self.log_hash = hash256(self.log_hash, words)

    def obey(self, apdu):
        """Carries a command out: data and status word."""
        (_, ins, p1, _), data = parse_command(apdu)
        funds = {"INITIALIZE_LOAD": self.initialize_load, "CREDIT": self.credit, "CANCEL_LOAD": self.cancel_load,
                 "INITIALIZE_WITHDRAWAL": self.initialize_withdrawal, "COMPLETE_WITHDRAWAL": self.complete_withdrawal,
                 "GET_LAST": self.get_last, "LOAD_RATES": self.load_rates}
        handlers = {COMMANDS[name]: handler for name, handler in funds.items()}
        handlers.update({COMMANDS[name]: lambda p1, data: self.take_order(ins, p1, data) for name in ORDERS})
        locked = self.state == STATES["LOCKED"] and ins in (COMMANDS["INITIALIZE_LOAD"], COMMANDS["CREDIT"])
        try:
            handler = handlers[ins] if ins in handlers else self.refuse(UNKNOWN)
            answer = self.refuse(NOT_NOW) if locked else handler(p1, data)
        except Status as status:
            return status.args[0].to_bytes(2, "big")
        return answer + DONE.to_bytes(2, "big")

    def obey_record(self, record):
        """The same from a CARD_DATA record to a CARD_DATA record."""
        return self.traffic.to_server.seal("CARD_DATA", self.obey(self.traffic.to_card.open("CARD_DATA", record)))

    @staticmethod
    def refuse(status):
        raise Status(status)

    # Funds.

    def take_start(self, group, data):
        if group > 1 or (group == 1 and self.mode == MERGED):
            self.refuse(WRONG_P1)
        if self.operation["operation"] in (LOADING, WITHDRAWING) or self.operation["sequence"] == 0xFFFFFFFF:
            self.refuse(NOT_NOW)
        start = unpack("funds_start", data)
        if start["final"] > 1:
            self.refuse(WRONG_DATA)
        if self.mode == ACCOUNT and not start["final"]:
            self.refuse(NOT_NOW)
        return start

    def begin(self, state, group, start, words):
        self.operation = {"operation": state, "group": group, "final": start["final"], "amount": start["amount"],
                          "sequence": self.operation["sequence"] + 1}
        self.log(words)
        return self.answer("funds_request", REQUEST_LABEL, nonce=start["nonce"], final=start["final"])

    def proceed(self, state, words):
        self.operation["operation"] = state
        self.log(words)
        return self.answer("funds_receipt", RECEIPT_LABEL)

    def answer(self, layout, label, **more):
        """What it says about the operation, signed; it keeps the bytes."""
        told = {name: value for name, value in self.operation.items() if name != "final"}
        message = pack(layout, {"type": ECDSA_KIND if self.pair else HMAC_KIND, **self.device, **told,
                                **self.groups[told["group"]].told(), "time": self.now(), **more})
        self.last = message + self.sign(label, message)
        return self.last

    def initialize_load(self, p1, data):
        if self.operation["operation"] == LOADING:
            return self.last
        start, limits = self.take_start(p1, data), self.limits
        if self.mode == ACCOUNT:
            self.refuse(NOT_NOW)
        group = self.groups[p1]
        if start["final"] or not max(1, limits["minimum_refill"]) <= start["amount"] <= limits["maximum_refill"] \
                or group.descending + start["amount"] > limits["maximum_descending"] \
                or group.control_total + start["amount"] >= 1 << 64:
            self.refuse(WRONG_DATA)
        return self.begin(LOADING, p1, start, b"load started")

    def take_authorization(self, data, done, pending):
        """True if it is a repetition."""
        text, authentication = data[:size_of("funds_authorization")], data[size_of("funds_authorization"):]
        said, last = unpack("funds_authorization", text), self.operation
        if not same(authentication, hmac256(self.k3, AUTHORIZATION_LABEL, text)):
            self.refuse(NOT_AUTHENTIC)
        to_come = last["amount"] if last["operation"] == LOADING else 0
        mine = {"operation": done, **self.device, **{name: last[name] for name in ("group", "sequence", "amount")},
                "control_total": self.groups[last["group"]].control_total + to_come}
        named = all(said[field] == value for field, value in mine.items())
        if last["operation"] == done and named:
            return True
        if last["operation"] != pending:
            self.refuse(NOT_NOW)
        if not named:
            self.refuse(WRONG_DATA)
        if self.now() >= said["expiry"]:
            self.refuse(NOT_NOW)
        return False

    def credit(self, _, data):
        if self.take_authorization(data, LOADED, LOADING):
            return self.last
        amount, group = self.operation["amount"], self.groups[self.operation["group"]]
        if group.descending + amount > self.limits["maximum_descending"]:
            self.refuse(NOT_NOW)
        group.descending += amount
        group.control_total += amount
        self.refill = (self.operation["sequence"], amount)
        return self.proceed(LOADED, b"loaded")

    def cancel_load(self, _, data):
        state, number = self.operation["operation"], int.from_bytes(data, "big")
        if state == CANCELLED and number == self.operation["sequence"]:
            return self.last
        if state != LOADING:
            self.refuse(NOT_NOW)
        if number != self.operation["sequence"]:
            self.refuse(WRONG_DATA)
        return self.proceed(CANCELLED, b"cancelled")

    def initialize_withdrawal(self, p1, data):
        if self.operation["operation"] == WITHDRAWING:
            return self.last
        start = self.take_start(p1, data)
        group, other = self.groups[p1], self.groups[1 - p1]
        if start["final"] and (start["amount"] != group.descending or other.descending):
            self.refuse(NOT_NOW)
        if start["amount"] > group.descending or not (start["amount"] or start["final"]):
            self.refuse(WRONG_DATA)
        group.descending -= start["amount"]
        group.control_total -= start["amount"]
        return self.begin(WITHDRAWING, p1, start, b"withdrawn")

    def complete_withdrawal(self, _, data):
        if self.take_authorization(data, WITHDRAWN, WITHDRAWING):
            return self.last
        if self.operation["final"]:
            self.state = STATES["WITHDRAWN"]
        return self.proceed(WITHDRAWN, b"acknowledged")

    def get_last(self, p1, _):
        if p1 != 1 or not self.last:
            self.refuse(ABSENT)
        return self.last

    def load_rates(self, p1, data):
        """It is signed by itself, and no order (docs/evidence.md)."""
        if p1:
            self.refuse(WRONG_P1)
        self.rates = data
        return b""

    # Orders.

    def take_order(self, ins, p1, data):
        content, said = data[:-size_of("order")], unpack("order", data[-size_of("order"):])
        authentication = order_authentication(self.k3, ins, p1, device_of(self.device), said["number"], content)
        if not same(said["authentication"], authentication):
            self.refuse(NOT_AUTHENTIC)
        if data[-size_of("order"):] == self.last_order:
            return b""
        if said["number"] <= self.orders:
            self.refuse(NOT_NOW)
        self.carry_out(ins, p1, content)
        self.orders, self.last_order = said["number"], data[-size_of("order"):]
        self.log(b"order")
        return b""

    def carry_out(self, ins, p1, content):
        name = next(name for name in ORDERS if COMMANDS[name] == ins)
        changed = {("AUTHORIZE", "INITIALIZED"): "AUTHORIZED", ("DISABLE", "OPERATIONAL"): "LOCKED",
                   ("ENABLE", "LOCKED"): "OPERATIONAL", ("ZEROIZE", "WITHDRAWN"): "ZEROIZED"}
        for (order, before), after in changed.items():
            if order == name and STATES[before] == self.state:
                self.state = STATES[after]
                break
        if name == "SET_LIMITS" and p1 == 0:
            self.limits = unpack("limits", content)
        if name == "SET_LIMITS" and p1 == 1:
            self.credit_limit = unpack("credit_line", content)["credit_limit"]
        self.settings[name] = content


ORDERS = ("AUTHORIZE", "SET_LIMITS", "SET_WATCHDOG", "SET_CLOCK", "SET_LICENCE", "ENABLE", "DISABLE",
          "LOAD_CERTIFICATE", "ZEROIZE")
