#!/usr/bin/python3
"""Nobody is hostile, and all goes wrong: the real psd-server and the real psd-kms killed again and again while meters refill and
withdraw. What was told to a Host is so, and every ledger agrees to the mill in the end."""

import threading

from psd_house import Call
from psd_layout import SIGNALS
from psd_money import REFILL, WITHDRAW, MoneyTest, unittest
from psd_wire import Ended, Signal

ROUNDS, ENOUGH = 4, 4  # how often something is killed, and after how many refills and withdrawals
STEP = 0.004  # seconds later each time


class Killed(MoneyTest):
    options = ("--kms-timeout", "1")

    def traffic(self, meters, killer):
        """Refills and withdrawals in turn, each in a session of its own, until one fails: after some of them the killer
        comes."""
        done = 0
        while True:
            for meter in meters:
                for operation, amount in ((REFILL, 50000), (WITHDRAW, 49000)):
                    host = Call(self.house.address)
                    try:
                        host.recover(meter)
                        signal, result = host.move(meter, operation, amount)
                    finally:
                        host.close()
                    if signal:
                        return
                    self.assertEqual(result["control_total"], meter.groups[0].control_total)
                    done += 1
                    if done == ENOUGH:
                        killer.start()

    def check(self, kill, start):
        meters = [self.in_operation() for _ in range(3)]
        for number in range(ROUNDS):
            killer = threading.Timer(STEP * number, kill)
            try:
                self.traffic(meters, killer)
            except (Ended, ConnectionError):
                pass
            except Signal as said:
                self.assertEqual(said.signal, SIGNALS["KMS"])
            killer.join()
            start()
            for meter in meters:
                self.opened(meter).close()
            self.balanced(*meters)
        for meter in meters:
            self.refill(meter, 50000)

    def test_meter_server(self):
        self.check(lambda: self.house.server.kill(), self.house.restart_server)

    def test_key_management_system(self):
        def start():
            self.house.kms = self.house.start_kms("meter")
        self.check(lambda: self.house.kms.kill(), start)


if __name__ == "__main__":
    unittest.main()
