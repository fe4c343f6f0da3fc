#!/usr/bin/python3
"""Hostile cards about money, at the real meter server with the real key management system. They have their K3 and sign
what they like: the books stay right, and nobody has more than was paid in."""

import os

from hostile import flip
from psd_funds import CANCELLED, LOADED, RECEIPT_LABEL, REQUEST_LABEL
from psd_layout import LAYOUTS, NUMBERS, SIGNALS, pack, size_of, unpack
from psd_money import REFILL, WITHDRAW, Lying, MoneyTest, unittest
from psd_wire import Signal


def with_field(layout, signed, field, change):
    """The message with one field changed, unsigned."""
    said = unpack(layout, signed[:size_of(layout)])
    return pack(layout, {**said, field: change(said[field])})


def changed(kind, size):
    """Another value of a field: one more, or one bit, the most there is, and none."""
    if kind in NUMBERS:
        most = (1 << 8 * size) - 1
        return [lambda value: value + 1 if value < most else 0, lambda value: most if value != most else 0]
    return [lambda value: flip(value, 5)]


# What an audit may say of itself: the ends of each number, and what would move money if it were true.
ENDS = {1: (0, 3, 255), 4: (0, 1, (1 << 32) - 1), 8: (0, 1, 110000, (1 << 63) - 1, (1 << 64) - 1)}
TOLD = ("state", "mode", "ascending", "descending", "control_total", "certificate_control_total", "sequence", "operation",
        "group", "operation_amount", "orders", "log_count")
LIES = [(field, value) for field, _, size in LAYOUTS["audit"] if field in TOLD for value in ENDS[size]]


class Lies(MoneyTest):
    def tearDown(self):
        """Alarms or not: every mill is somewhere, and was paid in."""
        self.books()

    def lies(self, name, operation, layout, label, sign):
        """Each field of what the card answers to a command, changed; signed with K3 or not. What came of each."""
        said, liars = {}, []
        for field, kind, size in LAYOUTS[layout]:
            for change in changed(kind, size):
                meter = self.in_operation()
                if operation == WITHDRAW:
                    self.refill(meter, 80000)

                def lie(answer, field=field, change=change, meter=meter):
                    message = with_field(layout, answer[:-2], field, change)
                    signature = meter.sign(label, message) if sign else answer[size_of(layout):-2]
                    return message + signature + answer[-2:]
                host = Lying(self.house.address, name, lie)
                host.recover(meter)
                said.setdefault(field, []).append(self.outcome(host, meter, operation, 50000))
                liars.append(meter)
        self.after(*liars)
        return said

    def test_request_that_is_not_signed_so(self):
        """S1 altered after it was signed: nothing is moved, whatever field it is."""
        said = self.lies("INITIALIZE_LOAD", REFILL, "funds_request", REQUEST_LABEL, False)
        for field, outcomes in said.items():
            self.assertNotIn(None, outcomes, field)

    def test_request_that_is_a_lie(self):
        """S1 signed with another field. Money is moved where it may differ: the card's count of pieces, its clock."""
        said = self.lies("INITIALIZE_LOAD", REFILL, "funds_request", REQUEST_LABEL, True)
        moved = {field for field, outcomes in said.items() if None in outcomes}
        self.assertLessEqual(moved, {"piece_count", "time", "nonce"})

    def test_receipt_that_is_a_lie(self):
        """S3 with another field, signed: the reservation is settled by what was reserved, or waits for the next audit."""
        said = self.lies("CREDIT", REFILL, "funds_receipt", RECEIPT_LABEL, True)
        moved = {field for field, outcomes in said.items() if None in outcomes}
        self.assertLessEqual(moved, {"piece_count", "time"})

    def test_withdrawal_that_is_a_lie(self):
        said = self.lies("INITIALIZE_WITHDRAWAL", WITHDRAW, "funds_request", REQUEST_LABEL, True)
        moved = {field for field, outcomes in said.items() if None in outcomes}
        self.assertLessEqual(moved, {"piece_count", "time", "nonce"})

    def test_audit_that_is_a_lie(self):
        """A refill is reserved and was not credited: the card says something else of itself, signed, and later the truth."""
        liars = []
        for field, value in LIES:
            meter = self.in_operation()
            self.refill(meter, 50000)
            self.cut(meter, REFILL, 60000, 2, False)
            host, tell = self.call(), meter.answer_audit
            meter.answer_audit = lambda tell=tell, field=field, value=value: tell(**{field: value})
            try:
                host.recover(meter)
            except Signal as said:
                self.assertIn(said.signal, (SIGNALS["MESSAGE"], SIGNALS["AUDIT"], SIGNALS["DATABASE"]))
            host.close()
            del meter.answer_audit
            liars.append(meter)
        self.after(*liars)

    def test_answers_of_any_length(self):
        meter = self.in_operation()
        for length in (0, 1, 2, 30, size_of("funds_request"), size_of("funds_request") + 31, 250, 2000):
            made = self.in_operation()
            garbage = os.urandom(length) + b"\x90\x00"
            host = Lying(self.house.address, "INITIALIZE_LOAD", lambda _, garbage=garbage: garbage)
            host.recover(made)
            self.assertIsNotNone(self.outcome(host, made, REFILL, 50000))
        self.refill(meter, 50000)

    def test_cancels_and_keeps_it(self):
        """A receipt of a cancellation for a refill that was credited, signed or not: the account does not get it back."""
        for signed in (False, True):
            meter = self.in_operation()

            def lie(answer, signed=signed, meter=meter):
                message = with_field("funds_receipt", answer[:-2], "operation", lambda _: CANCELLED)
                signature = meter.sign(RECEIPT_LABEL, message) if signed else answer[size_of("funds_receipt"):-2]
                return message + signature + answer[-2:]
            host = Lying(self.house.address, "CREDIT", lie)
            host.recover(meter)
            self.assertIsNotNone(self.outcome(host, meter, REFILL, 50000))
            self.after(meter)

    def test_says_credited_and_cancels(self):
        """The card refuses S2 and CANCEL LOAD: the funds stay reserved until its audit decides."""
        meter = self.in_operation()
        host = Lying(self.house.address, "CREDIT", lambda _: b"\x69\x85")
        host.recover(meter)
        # It has credited it all the same; CANCEL LOAD is refused, for nothing is loading.
        self.assertEqual(self.outcome(host, meter, REFILL, 50000), "STATE")
        self.assertEqual(self.line_of(self.books(), meter)["open"]["state"], "reserved")
        _, _, recovered = self.recovered(meter)
        self.assertEqual((recovered["operation"], recovered["amount"]), (LOADED, 50000))
        self.balanced(meter)


if __name__ == "__main__":
    unittest.main()
