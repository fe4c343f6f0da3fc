#!/usr/bin/python3
"""Two meter servers on one PostgreSQL, and a card that is in a session with each: what one reserves the other sees, and
nothing is credited twice."""

import os
import sys

from psd_funds import CANCELLED, LOADED
from psd_money import REFILL, Cut, Cutting, MoneyTest, unittest
from two_at_once import check_two_at_once

PRIVATE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "e2e", "private-postgres")


class TwoServers(MoneyTest):
    @classmethod
    def setUpClass(cls):
        cls.database = os.environ["PSD_POSTGRES"]
        super().setUpClass()
        cls.second = cls.house.another_server("second", "second.control").address

    def tearDown(self):
        self.books()

    def test_same_refill_on_both(self):
        together = 0
        for _ in range(20):
            together += check_two_at_once(self, self.house.address, self.second) == 1
        self.assertGreater(together, 0)  # the race was had

    def test_cut_on_one_and_recovered_on_the_other(self):
        for count, obeyed, ended in ((1, True, CANCELLED), (2, False, LOADED), (2, True, LOADED)):
            meter = self.in_operation()
            host = Cutting(self.house.address, count, obeyed)
            host.handshake(meter)
            with self.assertRaises(Cut):
                host.move(meter, REFILL, 50000)
            _, _, result = self.recovered(meter, self.second)
            self.assertEqual(result["operation"], ended)
            self.balanced(meter)

    def test_recovered_on_both_at_once(self):
        """The refill of a card that was cut off, found by two sessions: it is finished once."""
        meter = self.in_operation()
        host = Cutting(self.house.address, 2, False)
        host.handshake(meter)
        with self.assertRaises(Cut):
            host.move(meter, REFILL, 50000)
        first, second = self.call(), self.call(self.second)
        self.assertNotEqual(first.handshake(meter)["actions"], 0)
        _, _, result = self.recovered(meter, self.second)
        self.assertEqual((result["operation"], meter.groups[0].control_total), (LOADED, 50000))
        first.close()
        second.close()
        self.opened(meter)
        self.balanced(meter)


if __name__ == "__main__":
    if "PSD_POSTGRES" not in os.environ:
        os.execv(PRIVATE, [PRIVATE, sys.executable, "-B", *sys.argv])
    unittest.main()
