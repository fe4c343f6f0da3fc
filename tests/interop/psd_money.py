"""What tests about money share: a house with funds on the account, meters of Python that are registered and in operation,
connections that are cut, and the books."""

import time
import unittest

import psd_crypto as crypto
from psd_funds import LOADED, WITHDRAWN, parse_command
from psd_house import DONE, REFILL, REGISTER, WITHDRAW, Call, House
from psd_layout import COMMANDS, SIGNALS, STATES, pack
from psd_wire import Ended, Signal

ZIP, LICENCE, DEPOSIT = 50000, 7, 10000000  # mills
PATIENCE = 20  # seconds


class Cut(Exception):
    """The connection was cut where it should be."""


class Cutting(Call):
    """A Host whose connection is lost with the n-th command to the card: before the card has it, or, `obeyed`, after."""

    def __init__(self, address, count, obeyed):
        super().__init__(address)
        self.count, self.obeyed = count, obeyed

    def obeyed_by(self, card, record):
        self.count -= 1
        if self.count == 0:
            if self.obeyed:
                card.obey_record(record)
            self.close()
            raise Cut
        return super().obeyed_by(card, record)


class Lying(Call):
    """The Host of a card that answers one command, `ins`, with what `lie` makes of the answer."""

    def __init__(self, address, name, lie):
        super().__init__(address)
        self.ins, self.lie = COMMANDS[name], lie

    def obeyed_by(self, card, record):
        apdu = card.traffic.to_card.open("CARD_DATA", record)
        answer = card.obey(apdu)
        if parse_command(apdu)[0][1] == self.ins:
            answer = self.lie(answer)
        return card.traffic.to_server.seal("CARD_DATA", answer)


class MoneyTest(unittest.TestCase):
    """`options` go to psd-server, `database` is another than SQLite's."""

    options, database = (), None

    @classmethod
    def setUpClass(cls):
        cls.house = House(*cls.options, database=cls.database)
        cls.open_account(cls.house)

    @classmethod
    def tearDownClass(cls):
        cls.house.close()

    @staticmethod
    def open_account(house):
        house.server_command("account", "license", "1", "--zip", str(ZIP), "--licence", str(LICENCE))
        house.server_command("account", "deposit", "1", str(DEPOSIT // 1000))

    def call(self, address=None):
        host = Call(address or self.house.address)
        self.addCleanup(host.close)
        return host

    def endorsed(self, made, pair):
        """The factory has it noted that the PSD has made this key pair."""
        answer, made.keys["wrapped_k4"] = self.house.ask_kms("manufacturing", "KMS_ENDORSE", pack("kms_endorse", {
            **made.device, "wrapped_k4": made.keys["wrapped_k4"], "point": crypto.point(pair)}))
        self.assertEqual(answer, "KMS_ENDORSED")
        self.house.enrol(made)

    def in_operation(self, suite="shared", pair=None, **more):
        """A meter that was registered, authorized, and audited once more."""
        made = self.house.manufacture()
        meter = made.meter(suite, state=STATES["INITIALIZED"], pair=pair, **more)
        meter.made = made
        if pair:
            self.endorsed(made, pair)
        host = self.call()
        host.handshake(meter)
        self.assertEqual(host.ask(meter, REGISTER), 0)
        self.assertEqual(meter.state, STATES["AUTHORIZED"])
        host.sign_off()
        host.handshake(meter)
        self.assertEqual(meter.state, STATES["OPERATIONAL"])
        host.close()
        return meter

    def recovered(self, meter, address=None):
        """A session, and what it has recovered: the Host, the actions, the FUNDS_RESULT. Where the ledger was just being
        written, as after an alarm, or psd-kms was just started, the server wants the Host to come again."""
        end = time.monotonic() + PATIENCE
        while True:
            host = self.call(address)
            try:
                return (host, *host.recover(meter))
            except Signal as said:
                host.close()
                if said.signal not in (SIGNALS["DATABASE"], SIGNALS["KMS"]) or time.monotonic() > end:
                    raise

    def opened(self, meter, address=None):
        """A session with nothing under way: the Host."""
        return self.recovered(meter, address)[0]

    def refill(self, meter, amount, group=0):
        signal, result = self.opened(meter).move(meter, REFILL, amount, group)
        self.assertEqual((signal, result["operation"], result["amount"]), (0, LOADED, amount))
        return result

    def withdraw(self, meter, amount, group=0, final=0):
        signal, result = self.opened(meter).move(meter, WITHDRAW, amount, group, final)
        self.assertEqual((signal, result["operation"], result["amount"]), (0, WITHDRAWN, amount))
        return result

    def cut(self, meter, operation, amount, count, obeyed, final=0):
        """A session that is lost with the n-th command to the card."""
        host = Cutting(self.house.address, count, obeyed)
        host.handshake(meter)
        with self.assertRaises(Cut):
            host.move(meter, operation, amount, final=final)

    def outcome(self, host, meter, operation, amount, **more):
        """What comes of a request: None where money was moved, else the refusal's name, or that the server hung up. The
        connection is closed."""
        names = {value: name for name, value in SIGNALS.items()}
        try:
            signal, result = host.move(meter, operation, amount, **more)
        except Signal as said:
            return names[said.signal]
        except (Ended, ConnectionError):
            return "ended"
        finally:
            host.close()
        self.assertEqual(signal == 0, result is not None)
        return names[signal] if signal else None

    def refused(self, name, answer):
        self.assertEqual(answer, (SIGNALS[name], None))

    def books(self):
        """The sum of all books is zero, and money is where somebody has put it."""
        said = self.house.reconcile()
        books = said["books"]
        self.assertEqual((books["sum"], books["bank"]), (0, -DEPOSIT))
        self.assertEqual(sum(books[name] for name in ("accounts", "reserved", "meters", "certificates", "debt")), DEPOSIT)
        return said

    def balanced(self, *meters):
        """Ledger and registers of these meters agree, and nothing is under way; there may be alarms of others."""
        said = self.books()
        for meter in meters:
            line = self.line_of(said, meter)
            self.assertEqual((line["wrong"], line.get("open"), line["ledger"], line["ledger_certificates"]),
                             (False, None, *(group.control_total for group in meter.groups)), line)

    def after(self, *meters):
        """The cards tell the truth again: each is right with the ledger, or locked."""
        for meter in meters:
            self.opened(meter).close()
        said = self.books()
        for meter in meters:
            line = self.line_of(said, meter)
            if not line["alarm"]:
                self.assertEqual((line["wrong"], line["ledger"]), (False, meter.groups[0].control_total), line)
            else:
                self.assertEqual(meter.state, STATES["LOCKED"])
                self.refused("LOCKED", self.opened(meter).move(meter, REFILL, 50000))

    @staticmethod
    def line_of(said, meter):
        return next(line for line in said["meters"] if line["psd"].endswith(f"{meter.device['serial']:08X}"))


__all__ = ["Cut", "Cutting", "DEPOSIT", "DONE", "LICENCE", "Lying", "MoneyTest", "REFILL", "WITHDRAW", "ZIP", "unittest"]
