#!/usr/bin/python3
"""Funds and orders: Host and card in Python, with the real meter server and the real key management system."""

import ssl

from cryptography.x509 import load_der_x509_certificate

import psd_crypto as crypto
from psd_funds import ACCOUNT, CANCELLED, LOADED, LOADING, NONE, WITHDRAWING, WITHDRAWN
from psd_layout import ACTIONS, STATES, pack, unpack
from psd_house import REGISTER
from psd_money import DONE, LICENCE, REFILL, WITHDRAW, ZIP, MoneyTest, unittest


class Funds(MoneyTest):
    def tearDown(self):
        self.books()

    def test_refill(self):
        for suite in ("p256", "rsa", "shared"):
            meter = self.in_operation(suite)
            for number, amount in ((1, 50000), (2, 123456)):
                result = self.refill(meter, amount)
                self.assertEqual({name: result[name] for name in ("ascending", "descending", "control_total")},
                                 {name: value for name, value in meter.groups[0].told().items() if name != "piece_count"})
                self.assertEqual((result["sequence"], meter.refill), (number, (number, amount)))
            self.balanced(meter)

    def test_of_a_psd_with_a_key_pair(self):
        meter = self.in_operation(pair=crypto.new_pair())
        self.refill(meter, 50000)
        self.withdraw(meter, 20000)
        self.balanced(meter)

    def test_certificate_of_a_psd_with_a_key_pair(self):
        meter = self.in_operation(pair=crypto.new_pair())
        licence, der = meter.settings["AUTHORIZE"][:8], meter.settings["AUTHORIZE"][8:]
        self.assertEqual(unpack("licence", licence), {"zip": ZIP, "number": LICENCE})
        certificate = self.house.write("certificate.pem", ssl.DER_cert_to_PEM_cert(der))
        authority = self.house.write("ca.pem", self.house.kms_command("ca"))
        self.house.run("openssl", "verify", "-x509_strict", "-CAfile", authority, certificate)
        public = load_der_x509_certificate(der).public_key()
        self.assertEqual(crypto.point(public), crypto.point(meter.pair))

    def test_both_groups(self):
        meter = self.in_operation()
        self.refill(meter, 50000)
        self.refill(meter, 70000, group=1)
        meter.groups[0].pay(1234)
        meter.groups[1].pay(4321)
        self.withdraw(meter, 30000, group=1)
        self.balanced(meter)

    def test_repeated_request(self):
        """The same session asks again: another refill; in the books both."""
        meter = self.in_operation()
        host = self.opened(meter)
        for number in (1, 2):
            signal, result = host.move(meter, REFILL, 50000)
            self.assertEqual((signal, result["sequence"]), (0, number))
        self.assertEqual(host.move(meter, WITHDRAW, 10000)[1]["sequence"], 3)
        host.close()
        self.opened(meter)
        self.balanced(meter)

    def check_cut(self, operation, count, obeyed, ended, recovered):
        """Cut at a command; `ended` is what the card then is, `recovered` what the next session makes of it."""
        meter = self.in_operation()
        if operation == WITHDRAW:
            self.refill(meter, 80000)
        self.cut(meter, operation, 50000, count, obeyed)
        self.assertEqual(meter.operation["operation"], ended)
        actions, result = self.call().recover(meter)
        self.assertEqual(bool(actions & ACTIONS["RECOVER"]), ended in (LOADING, WITHDRAWING))
        if recovered == NONE:
            self.assertIsNone(result)
        else:
            self.assertEqual((result["operation"], result["amount"]), (recovered, 50000))
        self.assertEqual(self.call().recover(meter), (0, None))
        self.balanced(meter)
        self.refill(meter, 60000)
        self.balanced(meter)

    def test_refill_cut_before_the_card_starts_it(self):
        self.check_cut(REFILL, 1, False, NONE, NONE)

    def test_refill_cut_before_it_is_reserved(self):
        self.check_cut(REFILL, 1, True, LOADING, CANCELLED)

    def test_refill_cut_before_the_credit(self):
        self.check_cut(REFILL, 2, False, LOADING, LOADED)

    def test_refill_cut_before_the_receipt(self):
        self.check_cut(REFILL, 2, True, LOADED, LOADED)

    def test_withdrawal_cut_before_the_card_starts_it(self):
        self.check_cut(WITHDRAW, 1, False, LOADED, NONE)

    def test_withdrawal_cut_before_the_account_is_credited(self):
        self.check_cut(WITHDRAW, 1, True, WITHDRAWING, WITHDRAWN)

    def test_withdrawal_cut_before_it_is_acknowledged(self):
        self.check_cut(WITHDRAW, 2, False, WITHDRAWING, WITHDRAWN)

    def test_withdrawal_cut_before_the_receipt(self):
        self.check_cut(WITHDRAW, 2, True, WITHDRAWN, WITHDRAWN)

    def test_cancelled_where_the_account_cannot_pay(self):
        """More than the account has: the card is told to cancel, and the number is burned."""
        meter = self.in_operation()
        available = self.refill(meter, 50000)["available"]
        meter.limits["maximum_refill"] = meter.limits["maximum_descending"] = 1 << 40
        self.refused("FUNDS", self.opened(meter).move(meter, REFILL, available + 1))
        self.assertEqual((meter.operation["operation"], meter.operation["sequence"]), (CANCELLED, 2))
        self.assertEqual(self.refill(meter, 60000)["sequence"], 3)
        self.balanced(meter)

    def test_cancellation_that_is_cut(self):
        """The receipt of the cancellation is lost: the next audit says it."""
        meter = self.in_operation()
        meter.limits["maximum_refill"] = meter.limits["maximum_descending"] = 1 << 40
        self.cut(meter, REFILL, 1 << 34, 2, True)
        self.assertEqual(meter.operation["operation"], CANCELLED)
        self.assertEqual(self.call().recover(meter), (0, None))
        self.refill(meter, 50000)
        self.balanced(meter)

    def test_final_withdrawal(self):
        meter = self.in_operation()
        self.refill(meter, 50000)
        self.refill(meter, 30000, group=1)
        meter.groups[0].pay(777)
        self.withdraw(meter, 30000, group=1)
        self.withdraw(meter, 50000 - 777, final=1)
        self.assertEqual(meter.state, STATES["WITHDRAWN"])
        host = self.opened(meter)
        self.refused("STATE", host.move(meter, REFILL, 50000))
        host.close()
        self.balanced(meter)

    def test_current_account(self):
        """Each audit charges what was printed since; nothing is refilled; the end of service, of nothing, is all there is."""
        made = self.house.manufacture()
        meter = made.meter(state=STATES["INITIALIZED"])
        meter.made, meter.mode, meter.credit_limit = made, ACCOUNT, 100000
        host = self.call()
        host.handshake(meter)
        self.assertEqual(host.ask(meter, REGISTER), 0)
        host.close()
        before = self.books()["books"]["debt"]
        charged = 0
        for amount in (1000, 2345):
            meter.groups[0].charge(amount)
            meter.groups[1].charge(55)
            charged += amount + 55
            self.assertEqual(self.call().recover(meter), (0, None))
            said = self.books()
            self.assertEqual((before - said["books"]["debt"], self.line_of(said, meter)["ledger"]), (charged, charged))
        self.refused("STATE", self.opened(meter).move(meter, REFILL, 50000))
        self.house.server_command("meter", "credit-limit", f"PB S1 {made.device['serial']:08X}", "200.00")
        self.assertEqual((self.call().recover(meter), meter.credit_limit), ((ACTIONS["CREDIT_LIMIT"], None), 200000))
        self.withdraw(meter, 0, final=1)
        self.assertEqual(meter.state, STATES["WITHDRAWN"])
        meter.groups[0].charge(7)
        self.assertEqual(self.call().recover(meter), (0, None))
        said = self.books()
        self.assertEqual((before - said["books"]["debt"], self.line_of(said, meter)["wrong"]), (charged + 7, False))
        self.house.server_command("account", "pay", "1", f"{(charged + 7) / 1000:.3f}")
        self.assertEqual(self.books()["books"]["debt"], before)

    def test_refused(self):
        meter, house = self.in_operation(), self.house
        self.refill(meter, 50000)
        host = self.opened(meter)
        self.refused("LIMIT", host.move(meter, REFILL, meter.limits["maximum_refill"] + 1))
        self.refused("LIMIT", host.move(meter, REFILL, 1))
        self.refused("LIMIT", host.move(meter, REFILL, 0))
        self.refused("LIMIT", host.move(meter, WITHDRAW, 0))
        self.refused("LIMIT", host.move(meter, WITHDRAW, 50001))
        self.refused("STATE", host.move(meter, WITHDRAW, 49999, final=1))
        self.refused("REQUEST", host.move(meter, REFILL, 50000, final=1))
        self.refused("REQUEST", host.move(meter, REFILL, 50000, group=2))
        house.server_command("account", "suspend", "1")
        self.refused("SUSPENDED", self.opened(meter).move(meter, REFILL, 50000))
        self.withdraw(meter, 10000)
        house.server_command("account", "resume", "1")
        self.refill(meter, 50000)
        self.balanced(meter)


class Orders(MoneyTest):
    def ordered(self, meter, *command):
        """The content of what the next session brings."""
        device = f"PB S1 {meter.device['serial']:08X}"
        self.house.server_command("meter", command[0], device, *command[1:])
        meter.settings.clear()
        orders = meter.orders
        actions, _ = self.call().recover(meter)
        self.assertGreater(meter.orders, orders)
        self.assertEqual(self.call().recover(meter), (0, None))
        return actions, meter.settings

    def test_every_order(self):
        meter = self.in_operation()
        self.assertEqual(unpack("licence", meter.settings["AUTHORIZE"]), {"zip": ZIP, "number": LICENCE})
        limits = {"minimum-postage": 1, "maximum-postage": 2000, "maximum-descending": 9000000, "minimum-refill": 3000,
                  "maximum-refill": 4000000}
        actions, settings = self.ordered(meter, "limits", *[word for name, amount in limits.items() for word in
                                                            ("--" + name, f"{amount / 1000:.3f}")])
        self.assertEqual(actions, ACTIONS["LIMITS"])
        self.assertEqual(unpack("limits", settings["SET_LIMITS"]), {name.replace("-", "_"): amount for name, amount in
                                                                    limits.items()})
        actions, settings = self.ordered(meter, "watchdog", "--warn", "30", "--lock", "40")
        watchdog = unpack("watchdog", settings["SET_WATCHDOG"])
        self.assertEqual((actions, watchdog["warn_after"], watchdog["lock_after"]),
                         (ACTIONS["WATCHDOG"], 30 * 86400, 40 * 86400))
        actions, settings = self.ordered(meter, "clock")
        clock = unpack("clock", settings["SET_CLOCK"])
        self.assertEqual((actions, clock["set"]), (ACTIONS["CLOCK"], 1))
        self.assertLess(abs(clock["now"] - meter.now()), 60)
        actions, settings = self.ordered(meter, "move", "--zip", "60000", "--licence", "8")
        self.assertEqual((actions, unpack("licence", settings["SET_LICENCE"])), (ACTIONS["LICENCE"], {
            "zip": 60000, "number": 8}))

    def test_locked_and_unlocked(self):
        meter = self.in_operation()
        self.refill(meter, 50000)
        self.assertEqual(self.ordered(meter, "lock")[0], ACTIONS["DISABLE"])
        self.assertEqual(meter.state, STATES["LOCKED"])
        self.refused("LOCKED", self.opened(meter).move(meter, REFILL, 50000))
        self.withdraw(meter, 10000)
        self.assertEqual(self.ordered(meter, "unlock")[0], ACTIONS["ENABLE"])
        self.assertEqual(meter.state, STATES["OPERATIONAL"])
        self.refill(meter, 50000)
        self.balanced(meter)

    def test_order_that_is_lost_comes_again(self):
        """The answer is lost: it comes again under another number, and changes nothing more."""
        meter = self.in_operation()
        device = f"PB S1 {meter.device['serial']:08X}"
        self.house.server_command("meter", "watchdog", device, "--warn", "30", "--lock", "40")
        host = self.call()
        host.handshake(meter)
        host.frames.send("HOST_DATA", meter.traffic.host_to_server.seal("HOST_DATA", pack("host_request", {
            "operation": DONE})))
        meter.obey_record(host.frames.expect("CARD_DATA"))
        host.close()
        self.assertEqual(meter.orders, 2)
        self.assertEqual(self.call().recover(meter), (ACTIONS["WATCHDOG"], None))
        self.assertEqual(self.call().recover(meter), (0, None))

    def test_zeroize(self):
        meter = self.in_operation()
        self.refill(meter, 50000)
        self.withdraw(meter, 50000, final=1)
        self.house.server_command("meter", "zeroize", f"PB S1 {meter.device['serial']:08X}")
        self.assertEqual(self.call().recover(meter)[0], ACTIONS["ZEROIZE"])
        self.assertEqual(meter.state, STATES["ZEROIZED"])
        self.balanced(meter)


if __name__ == "__main__":
    unittest.main()
