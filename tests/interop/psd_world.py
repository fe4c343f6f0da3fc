"""The provider in Python for real cards: a factory that makes them, and the meter server's end of sessions with them."""

import os

from cryptography.hazmat.primitives.serialization import Encoding

import psd_crypto as crypto
from psd_evidence import POSTAL
from psd_funds import DONE, command, device_of
from psd_funds_kms import FundsKms
from psd_handshake import Server, answer_of_card, command_to_card
from psd_layout import SUITES, pack, size_of, unpack
from psd_programs import Bench, program
from psd_service import Control, Factory
from psd_site import Authority
from psd_wire import CardSocket

USER, VERIFIER = "Ada", bytes(range(32))
ZIP, LICENCE = 50000, 7
EVERY_SUITE = "p256,rsa,shared"


class Workshop:
    """Keys, a factory, and the cards made there: `cards` has their sockets. Without `rsa` there is no such suite."""

    def __init__(self, rsa=None):
        self.bench = Bench()
        self.kms = FundsKms(7, crypto.new_pair(), rsa)
        self.suites = EVERY_SUITE if rsa else "p256,shared"
        self.listeners = [Factory(self.bench.path("kms"), self.kms),
                          Factory(self.bench.path("postal"), self.kms, POSTAL), Control(self.bench.path("control"))]
        self.cards = {}

    def make(self, name, *more, **profile):
        """A card of that name, with these settings besides the usual ones; its serial number counts up."""
        path = self.bench.blank_card(name, f"{len(self.cards) + 1:08X}")
        settings = {"suites": self.suites, **profile}
        file = self.bench.write(name + ".profile", "".join(f"{key} = {value}\n" for key, value in settings.items()))
        self.bench.run(program("PSD_CLI"), "--card", path, "manufacture", "--kms", self.bench.path("kms"), "--server",
                       self.bench.path("control"), "--keys", self.bench.path(name + ".state.keys"), "--profile", file,
                       *more)
        self.cards[name] = path
        return path

    def failures(self):
        return [failure for listener in self.listeners for failure in listener.failures]

    def close(self):
        for listener in self.listeners:
            listener.close()
        self.bench.close()


def certificate(authority, public, number=1, device=b"PSD1\0\0\0\0"):
    """X.509, DER: for a point, by a key pair."""
    return Authority(authority).certify(public, device, number, ZIP, LICENCE).public_bytes(Encoding.DER)


class Provider:
    """The meter server's end of a real card's sessions. `audit` is what the card has said last."""

    def __init__(self, kms, path):
        self.kms, self.card, self.orders, self.session = kms, CardSocket(path), 0, None

    def sign_on(self, suite="shared", **wishes):
        """A whole handshake."""
        session = Server(self.kms, os.urandom(32))
        session.take_sign_on(self.card.sign_on(SUITES[suite], session.context, USER, VERIFIER))
        host = self.card.open_response(session.answer())
        m3 = self.card.answer_audit(host["session"], host["nonce"])
        self.card.open_result(session.take_audit(m3, **wishes))
        self.session, self.audit = session, session.audit
        self.device = {field: self.audit[field] for field in ("vendor", "model", "serial")}
        self.orders = max(self.orders, self.audit["orders"])
        return self.audit

    def send(self, apdu):
        """A command in a record: status word and data."""
        answer = answer_of_card(self.session, self.card.envelope(command_to_card(self.session, apdu)))
        return int.from_bytes(answer[-2:], "big"), answer[:-2]

    def command(self, name, p1=0, data=b""):
        return self.send(command(name, p1, data))

    def done(self, name, p1=0, data=b""):
        """The same, which has to be answered 9000: the data."""
        status, answer = self.command(name, p1, data)
        if status != DONE:
            raise AssertionError(f"{name}: {status:04X}")
        return answer

    def order(self, name, content=b"", p1=0, number=None):
        """An order, with the next number unless one is given: the status word."""
        if number is None:
            self.orders += 1
        return self.command(name, p1, self.kms.order(name, self.device, number or self.orders, content, p1))[0]

    def start(self, name, amount, group=0, final=0, nonce=None):
        """INITIALIZE LOAD or INITIALIZE WITHDRAWAL: status and S1."""
        return self.command(name, group, pack("funds_start", {"amount": amount, "final": final,
                                                              "nonce": nonce or os.urandom(16)}))

    def authorized(self, request):
        """S2, good for a while by the card's clock or the server's, whichever is ahead."""
        said = unpack("funds_request", request[:size_of("funds_request")])
        return self.kms.fund(request, max(self.kms.now(), said["time"]) + 900)

    def load(self, amount, group=0):
        """A whole refill: the receipt's fields."""
        status, request = self.start("INITIALIZE_LOAD", amount, group)
        if status != DONE:
            raise AssertionError(f"INITIALIZE LOAD: {status:04X}")
        return self.kms.receipt(self.done("CREDIT", data=self.authorized(request)))

    def authorize(self, number=1):
        """Takes a card that was made into operation; `number` is its certificate's."""
        self.sign_on()
        point = self.kms.points.get(self.device["serial"])
        status = self.order("AUTHORIZE", pack("licence", {"zip": ZIP, "number": LICENCE})
                            + (certificate(self.kms.pair, point, number, device_of(self.device)) if point else b""))
        if status != DONE:
            raise AssertionError(f"AUTHORIZE: {status:04X}")
        self.sign_on()
        return self

    def reset(self):
        """The card's power goes."""
        self.card.reset()

    def object(self, tag):
        return self.card.command(0xCA, tag >> 8, tag & 0xFF)

    def close(self):
        self.card.close()
