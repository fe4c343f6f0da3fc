#!/usr/bin/python3
"""Cards that were copied, and cards that were put back: the real card with the real programs, its memory a file that a
thief copies. Whoever refills twice what was bought once is found by the next audit, and locked."""

import os
import shutil

from hostile import unittest
from psd_handshake import Direction
from psd_house import REFILL, USER, Call
from psd_layout import SUITES, pack
from psd_money import MoneyTest
from psd_programs import program
from psd_wire import CardSocket


class Card:
    """A real card in the house: what a thief has of it, too."""

    def __init__(self, house, name):
        self.house, self.name = house, name
        self.path = house.real_card(name)
        self.serial = house.serial
        self.running = house.running[-1]

    def psd(self, verb, *more, expect=0):
        return self.house.psd(self.path, verb, *more, expect=expect)

    def state(self, name=None):
        return self.house.path("-".join(filter(None, (self.name, name))) + ".state")

    def pull(self):
        self.running.stop()

    def insert(self, name=None):
        """Runs it from this state file; the socket is always the same."""
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.running = self.house.start(self.name, [program("PSD_CARD"), "run", "--state", self.state(name), "--no-sync",
                                                    "--listen", self.path], "listening")

    def copy(self, name):
        """The thief's copy of its memory, while it is out of the reader."""
        self.pull()
        shutil.copy(self.state(), self.state(name))
        self.insert()

    def swap(self, name=None):
        self.pull()
        self.insert(name)

    def total(self):
        card = CardSocket(self.path)
        try:
            return int.from_bytes(card.command(0xCA, 0xDF, 0x23)[16:24], "big")
        finally:
            card.close()


class Cloned(MoneyTest):
    def setUp(self):
        self.card = Card(self.house, self.id().rsplit(".", 1)[1])
        self.card.psd("register")
        self.device = f"{self.card.serial:08X}"
        self.card.psd("refill", "50.00")

    def tearDown(self):
        self.books()

    def line(self):
        return next(line for line in self.house.reconcile()["meters"] if line["psd"].endswith(self.device))

    def shown(self):
        """meter show, as JSON text; meter list, as text."""
        listed = self.house.server_command("meter", "list")
        return (self.house.server_command("meter", "show", self.device),
                next(line for line in listed.splitlines() if self.device in line))

    def check_alarm(self, words):
        """Locked, and everybody who looks sees why: reconcile, meter show, meter list."""
        line = self.line()
        self.assertEqual((line["wrong"], line["alarm"]), (True, True))
        self.assertNotEqual(self.house.reconcile()["status"], 0)
        show, listed = self.shown()
        self.assertRegex(show, words)
        self.assertRegex(listed, "alarm")
        said = self.card.psd("refill", "10.00", expect=1)
        self.assertRegex(said, "locked")
        self.assertIn("LOCKED", self.card.psd("audit"))

    def check_sound(self, total):
        line = self.line()
        self.assertEqual((line["wrong"], line["ledger"], self.card.total()), (False, total, total), line)

    def test_both_copies_refill(self):
        """The second is refused, and so is the first from then on, until somebody has looked."""
        self.card.copy("clone")
        self.card.psd("refill", "60.00")
        self.card.swap("clone")
        self.assertEqual(self.card.total(), 50000)
        self.card.psd("refill", "60.00", expect=1)
        self.assertEqual(self.card.total(), 50000)
        self.check_alarm("put back")
        self.card.swap()
        self.assertRegex(self.card.psd("refill", "10.00", expect=1), "locked")
        self.assertEqual(self.line()["ledger"], 110000)
        self.house.server_command("meter", "unlock", self.device)
        self.card.psd("audit")
        self.card.psd("refill", "10.00")
        self.check_sound(120000)
        # The copy is as useless as before.
        self.card.swap("clone")
        self.card.psd("refill", "10.00", expect=1)
        self.check_alarm("put back")

    def test_both_copies_audit(self):
        """Nothing was refilled since: the log alone tells them apart."""
        self.card.copy("clone")
        for _ in range(3):
            self.card.psd("refill", "10.00")
        self.card.swap("clone")
        self.card.psd("audit")
        self.check_alarm("put back")

    def test_put_back_after_a_refill(self):
        """The memory of before a refill, to have the amount's postage again."""
        self.card.copy("before")
        self.card.psd("refill", "70.00")
        self.card.swap("before")
        self.card.psd("audit")
        self.check_alarm("put back")
        refused = self.house.server_command("meter", "unlock", self.device, "--accept", expect=1)
        self.assertRegex(refused, self.device)
        self.assertEqual(self.line()["ledger"], 120000)
        self.card.swap()
        self.card.psd("audit")
        self.house.server_command("meter", "unlock", self.device)
        self.card.psd("audit")
        self.card.psd("refill", "10.00")
        self.check_sound(130000)

    def test_put_back_after_a_withdrawal(self):
        """The memory of before a withdrawal: the account has the money already."""
        self.card.copy("before")
        self.card.psd("withdraw", "20.00")
        self.card.swap("before")
        self.card.psd("withdraw", "20.00", expect=1)
        self.assertEqual(self.line()["ledger"], 30000)
        self.check_alarm("put back")

    def test_put_back_in_the_middle_of_a_refill(self):
        """S1 of a refill that was loaded, loading again: it is not credited a second time."""
        start = self.copy_while_loading()
        self.card.psd("audit")
        self.assertEqual((self.line()["ledger"], self.card.total()), (start + 10000, start + 10000))
        self.card.swap("loading")
        self.card.psd("audit")
        self.assertEqual(self.card.total(), start)
        self.assertEqual(self.line()["ledger"], start + 10000)
        self.check_alarm("put back")

    def copy_while_loading(self):
        """A copy of the memory when a refill is reserved and not credited; the control total."""
        host = Interrupted(self.house.address, self.card.path)
        host.refill_until_credit(10000)
        host.close()
        self.card.copy("loading")
        return 50000


class Interrupted(Call):
    """A Host that ends when the server would have the card credited."""

    def __init__(self, address, path):
        super().__init__(address)
        self.card = CardSocket(path)

    def refill_until_credit(self, amount):
        card, frames = self.card, self.frames
        frames.send("SIGN_ON", card.sign_on(SUITES["p256"], self.context(), USER, self.verifier))
        session = card.open_response(frames.expect("SIGN_ON_RESPONSE"))
        frames.send("AUDIT_RESPONSE", card.answer_audit(session["session"], session["nonce"]))
        if card.open_result(frames.expect("AUDIT_RESULT"))["actions"]:
            raise AssertionError("something is under way")
        wish = pack("host_request", {"operation": REFILL}) + pack("funds_wish", {"group": 0, "amount": amount,
                                                                                 "final": 0})
        frames.send("HOST_DATA", Direction(session["to_server"]).seal("HOST_DATA", wish))
        frames.send("CARD_DATA", card.envelope(frames.expect("CARD_DATA")))
        frames.expect("CARD_DATA")

    def close(self):
        self.card.close()
        super().close()


if __name__ == "__main__":
    unittest.main()
