#!/usr/bin/python3
"""What goes wrong by itself: programs that are killed, a database that is locked, a disk that is full."""

import resource
import signal
import sqlite3
import threading

from hostile import SIGNALS, HostileTest, handshake, unittest
from psd_wire import Ended, Signal


class Traffic(threading.Thread):
    """Honest handshakes, one after the other, until it is stopped: how many succeeded, what the others were told."""

    def __init__(self, test):
        super().__init__()
        self.house, self.made = test.house, test.made
        self.succeeded, self.told, self.wrong, self.enough = 0, [], [], threading.Event()
        self.start()

    def run(self):
        while not self.enough.is_set():
            try:
                handshake(self.house.address, self.made.card("shared"))
                self.succeeded += 1
            except Signal as said:
                self.told.append(said.signal)
            except (ConnectionError, Ended):
                self.told.append(None)  # nobody was there to say anything
            except Exception as error:
                self.wrong.append(error)

    def until(self, count):
        """Waits until that many more have succeeded."""
        target = self.succeeded + count
        while self.succeeded < target and self.is_alive():
            self.join(0.005)

    def stop(self):
        self.enough.set()
        self.join()


class Killed(HostileTest):
    options = ("--kms-timeout", "1")

    def test_key_management_system_again_and_again(self):
        """Killed while sessions run, and started again: those who were hit are told to try again, all else goes on."""
        traffic = [Traffic(self) for _ in range(2)]
        try:
            for _ in range(5):
                traffic[0].until(3)
                self.house.kms.kill()
                self.house.kms = self.house.start_kms("meter")
                traffic[0].until(3)
        finally:
            for one in traffic:
                one.stop()
        for one in traffic:
            self.assertEqual(one.wrong, [])
            self.assertEqual(set(one.told) - {SIGNALS["KMS"]}, set())
        self.good()

    def test_key_management_system_gone_in_the_middle(self):
        """Before the sign-on, and between sign-on and audit: the signal of the outage, and when to try again."""
        host, card = self.signed_on()
        other = self.call()
        self.house.kms.kill()
        self.refuses(host, "AUDIT_RESPONSE", card.answer_audit(), "KMS")
        other.frames.send("SIGN_ON", self.made.card().sign_on(other.context(), "Ada", other.verifier))
        said = self.verdict(other)
        self.assertEqual((said.signal, said.step), (SIGNALS["KMS"], 212))
        self.assertGreater(said.wait, 0)
        self.house.kms = self.house.start_kms("meter")
        self.await_service()

    def await_service(self):
        """The server finds the key management system again by itself."""
        while True:
            try:
                self.good()
                return
            except Signal as said:
                self.assertEqual(said.signal, SIGNALS["KMS"])

    def test_key_management_system_that_hangs(self):
        host, card = self.signed_on()
        self.house.kms.process.send_signal(signal.SIGSTOP)
        try:
            self.refuses(host, "AUDIT_RESPONSE", card.answer_audit(), "KMS")
        finally:
            self.house.kms.process.send_signal(signal.SIGCONT)
        self.await_service()

    def test_meter_server_keeps_what_it_has_acknowledged(self):
        """Killed again and again while PSDs are enrolled and audited: none that was acknowledged is lost."""
        acknowledged = []
        for _ in range(5):
            killer = threading.Timer(0.15, self.house.server.kill)
            killer.start()
            try:
                while True:
                    made = self.house.manufacture()
                    acknowledged.append(made)
                    handshake(self.house.address, made.card("shared"))
            except (Ended, ConnectionError, OSError):
                pass
            killer.join()
            self.house.restart_server()
        self.assertGreater(len(acknowledged), 5)
        listed = self.house.server_command("meter", "list")
        for made in acknowledged:
            self.assertIn(f"{made.device['serial']:08X}", listed)
        for made in acknowledged[-5:]:
            handshake(self.house.address, made.card("shared"))
        self.good()

    def test_meter_server_stops_in_order(self):
        host, card = self.signed_on()
        self.house.server.process.send_signal(signal.SIGTERM)
        host.audit(card)  # what has begun is completed
        self.assertEqual(self.verdict(host).signal, SIGNALS["STOPPING"])
        self.assertEqual(self.house.server.process.wait(20), 0)
        self.house.restart_server()
        self.good()


class Database(HostileTest):
    options = ("--workers", "1")

    def fresh(self):
        """A PSD that was never audited: its audit has to be written down."""
        return self.house.manufacture().card("shared")

    def test_locked(self):
        """Another connection holds it: whoever needs it to write is told so, and the others are served."""
        card = self.fresh()
        self.good()
        other = sqlite3.connect(self.house.path("meter.db"), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        try:
            with self.assertRaises(Signal) as refusal:
                handshake(self.house.address, card)
            self.assertIn(refusal.exception.signal, (SIGNALS["DATABASE"], SIGNALS["TIMEOUT"]))
            self.good()
        finally:
            other.execute("ROLLBACK")
            other.close()
        handshake(self.house.address, card)

    def test_disk_full(self):
        """Nothing can be written: enrolment and audit are refused, nothing that was acknowledged is lost, and with room
        again all goes on."""
        card, process = self.fresh(), self.house.server.process.pid
        before = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (1024, before[1]))
        try:
            for _ in range(3):
                self.assertEqual(self.signal_of(self.house.manufacture), SIGNALS["DATABASE"])
                self.assertEqual(self.signal_of(handshake, self.house.address, card), SIGNALS["DATABASE"])
        finally:
            resource.prlimit(process, resource.RLIMIT_FSIZE, before)
        handshake(self.house.address, card)
        handshake(self.house.address, self.fresh())
        self.good()

    def signal_of(self, action, *arguments):
        with self.assertRaises(Signal) as refusal:
            action(*arguments)
        return refusal.exception.signal


if __name__ == "__main__":
    unittest.main()
