#!/usr/bin/python3
"""Hostile Hosts about money, and repetition, at the real meter server with the real key management system."""

import copy
import os

from hostile import flip
from psd_layout import SIGNALS, STATES, pack, size_of
from psd_house import Call
from psd_money import DONE, REFILL, WITHDRAW, Lying, MoneyTest, unittest
from psd_wire import Signal
from two_at_once import check_two_at_once


def request_for(operation):
    return pack("host_request", {"operation": operation}) + pack("funds_wish", {"group": 0, "amount": 50000, "final": 0})


class AtServer(MoneyTest):
    def tearDown(self):
        """Alarms or not: every mill is somewhere, and was paid in."""
        self.books()

    # The Host.

    def test_wishes_that_are_none(self):
        meter = self.in_operation()
        self.refill(meter, 50000)
        host = self.opened(meter)
        for operation in (REFILL, WITHDRAW):
            for length in (0, 1, 9, 11, 40):
                self.refused("REQUEST", host.answer_to(meter, operation, bytes(length)))
            for wish in ({"group": 2}, {"group": 255}, {"final": 2}, {"final": 255}):
                self.refused("REQUEST", host.answer_to(meter, operation, pack("funds_wish", {
                    "group": 0, "amount": 50000, "final": 0, **wish})))
            for amount in (0, 50001 if operation == WITHDRAW else 5000001, 1 << 63, (1 << 64) - 1):
                self.refused("LIMIT", host.move(meter, operation, amount))
        for operation in (0, 6, 7, 255):
            self.refused("REQUEST", host.answer_to(meter, operation, os.urandom(10)))
        self.refused("REQUEST", host.answer_to(meter, DONE, b"\0"))
        self.refused("REQUEST", host.move(meter, REFILL, 50000, final=1))
        self.refill(meter, 50000)
        self.balanced(meter)

    def test_every_bit_of_a_wish_on_its_way(self):
        meter = self.in_operation()
        for bit in range(0, 8 * (size_of("funds_wish") + 1 + 16), 7):
            host = self.opened(meter)
            record = meter.traffic.host_to_server.seal("HOST_DATA", request_for(REFILL))
            host.frames.send("HOST_DATA", flip(record, bit))
            with self.assertRaises(Signal) as refusal:
                host.frames.expect("HOST_DATA")
            self.assertEqual(refusal.exception.signal, SIGNALS["RECORD"])
            host.close()
        self.assertEqual(meter.operation["sequence"], 0)
        self.balanced(meter)

    def wish(self, host, meter, operation=REFILL):
        host.frames.send("HOST_DATA", meter.traffic.host_to_server.seal("HOST_DATA", request_for(operation)))

    def out_of_turn(self, meter, act, handshake=Call.recover):
        """`act` ends the session with ORDER; what it has begun is recovered."""
        host = self.call()
        handshake(host, meter)
        act(host)
        with self.assertRaises(Signal) as refusal:
            while True:
                host.frames.expect("CARD_DATA")
        self.assertEqual(refusal.exception.signal, SIGNALS["ORDER"])
        host.close()
        self.opened(meter)
        self.balanced(meter)

    def test_out_of_turn(self):
        meter = self.in_operation()

        def twice(host):
            self.wish(host, meter)
            self.wish(host, meter)

        def unasked(host):
            host.frames.send("CARD_DATA", meter.traffic.to_server.seal("CARD_DATA", b"\x90\x00"))

        def answer_twice(host):
            self.wish(host, meter)
            answer = meter.obey_record(host.frames.expect("CARD_DATA"))
            host.frames.send("CARD_DATA", answer)
            host.frames.send("CARD_DATA", answer)

        def off_in_between(host):
            self.wish(host, meter)
            host.frames.expect("CARD_DATA")
            host.frames.send("SIGN_OFF")

        def audit_in_between(host):
            self.wish(host, meter)
            host.frames.send("AUDIT_RESPONSE", bytes(300))

        def other_in_between(host):
            self.wish(host, meter, WITHDRAW)
            self.wish(host, meter)
        for act in (twice, unasked, answer_twice, off_in_between, audit_in_between, other_in_between):
            with self.subTest(act.__name__):
                self.out_of_turn(meter, act)

    def test_before_what_was_announced(self):
        """Orders wait: no refill before they were carried out."""
        meter = self.in_operation()
        self.house.server_command("meter", "lock", f"PB S1 {meter.device['serial']:08X}")
        host = self.call()
        self.assertNotEqual(host.handshake(meter)["actions"], 0)
        self.wish(host, meter)
        with self.assertRaises(Signal) as refusal:
            while True:
                host.frames.expect("CARD_DATA")
        self.assertEqual(refusal.exception.signal, SIGNALS["ORDER"])

    def test_of_a_psd_of_nobody(self):
        meter = self.house.manufacture().meter()
        host = self.call()
        host.handshake(meter)
        for operation in (REFILL, WITHDRAW):
            self.refused("NOT_REGISTERED", host.move(meter, operation, 50000))

    # Repetition.

    def ledger(self, meter):
        return self.line_of(self.house.reconcile(), meter)["ledger"]

    def test_request_replayed_after_it_was_credited(self):
        """The card gives the server the S1 of a refill that was settled: it is that refill, which was paid for once."""
        meter = self.in_operation()
        kept = []
        host = Lying(self.house.address, "INITIALIZE_LOAD", lambda answer: kept.append(answer) or answer)
        host.recover(meter)
        self.assertIsNone(self.outcome(host, meter, REFILL, 50000))
        for _ in range(2):
            replaying = copy.copy(meter)
            replaying.initialize_load = lambda p1, data: kept[0][:-2]
            host = self.opened(replaying)
            host.move(replaying, REFILL, 50000)
            host.close()
            self.assertEqual(self.ledger(meter), 50000)
        self.balanced(meter)
        self.assertEqual(self.refill(meter, 60000)["sequence"], 2)
        replaying.initialize_load = lambda p1, data: kept[0][:-2]
        replaying.groups, replaying.operation, replaying.last = meter.groups, meter.operation, meter.last
        self.outcome(self.opened(replaying), replaying, REFILL, 50000)
        self.assertEqual(self.ledger(meter), 110000)
        self.after(meter)

    def test_old_number(self):
        """Another request with a number that was used: refused, an alarm, the meter locked; no mill is moved."""
        meter = self.in_operation()
        self.refill(meter, 50000)
        self.refill(meter, 60000)
        host = self.opened(meter)
        meter.operation = {**meter.operation, "sequence": 0}
        self.assertEqual(self.outcome(host, meter, REFILL, 50000), "BALANCE")
        said = self.books()
        line = self.line_of(said, meter)
        self.assertEqual((said["status"], line["alarm"], line["wrong"], line["ledger"]), (1, True, True, 110000))
        alarms = self.house.shown(meter.made)["alarms"]
        self.assertIn("number", alarms[0]["words"])
        self.opened(meter)
        self.assertEqual(meter.state, STATES["LOCKED"])

    def test_both_copies_at_once(self):
        """Two copies of a card, each in a session before either refills: one number, and another request with it."""
        meter = self.in_operation()
        clone = meter.clone()
        hosts = [self.opened(card) for card in (meter, clone)]
        self.assertIsNone(self.outcome(hosts[0], meter, REFILL, 50000))
        self.assertEqual(self.outcome(hosts[1], clone, REFILL, 50000), "BALANCE")
        self.assertEqual((meter.groups[0].control_total, clone.groups[0].control_total), (50000, 0))
        line = self.line_of(self.books(), meter)
        self.assertEqual((line["alarm"], line["ledger"]), (True, 50000))
        for card in (clone, meter):
            self.opened(card).close()
            self.refused("LOCKED", self.opened(card).move(card, REFILL, 50000))

    def test_same_refill_on_two_connections(self):
        for _ in range(5):
            check_two_at_once(self, self.house.address, self.house.address)


if __name__ == "__main__":
    unittest.main()
