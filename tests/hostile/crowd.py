#!/usr/bin/python3
"""Many who say nothing, and those who say it slowly, too long, or without listening: the others are served, and what the
server needs for them is bounded."""

import os
import resource
import time

from hostile import SIGNALS, HostileTest, pack, unittest
from psd_house import Call
from psd_layout import FRAMES
from psd_wire import Frames, Signal, call

CROWD = 10000
# Bytes for a connection that waits, with what the sanitizer keeps of each piece of memory.
EACH = 16384


def resident(process):
    """Bytes of memory a process has."""
    with open(f"/proc/{process}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


class Crowd(HostileTest):
    @classmethod
    def setUpClass(cls):
        # Freed memory is not kept back for long, so that growth is growth.
        os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=1"
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
        super().setUpClass()

    def silent(self, count):
        """That many connections that say nothing; fewer where the system allows no more files."""
        room = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 200
        if room < count:
            print(f"only {room} connections instead of {count}: raise the limit on open files (ulimit -n)")
        streams = []
        for _ in range(min(count, room)):
            streams.append(call(self.house.address))
            self.addCleanup(streams[-1].close)
        return streams

    def test_thousands_say_nothing(self):
        self.good()
        process = self.house.server.process.pid
        before = resident(process)
        streams = self.silent(CROWD)
        for stream in streams[::1000]:
            self.assertEqual(Frames(stream).receive()[0], "GREETING")
        for _ in range(20):
            begin = time.monotonic()
            self.good()
            self.assertLess(time.monotonic() - begin, 5)
        self.assertLess(resident(process) - before, len(streams) * EACH)
        for stream in streams:
            stream.close()
        self.good()

    def test_thousands_at_the_key_management_system(self):
        """Its socket is its owner's alone; even so it serves on."""
        streams = []
        for _ in range(500):
            streams.append(call(self.house.path("meter")))
            self.addCleanup(streams[-1].close)
        streams[0].sendall(b"\x0F")
        self.good()

    def test_memory_does_not_grow_with_use(self):
        process = self.house.server.process.pid
        for _ in range(200):
            self.good("shared")
        before = resident(process)
        for _ in range(1000):
            self.good("shared")
        self.assertLess(resident(process) - before, 8 << 20)

    def test_too_long(self):
        """Bodies beyond 1024 bytes before the user is verified, beyond 8192 after: refused at the head."""
        for host, length in ((self.call(), 1025), (self.call(), 65535), (self.signed_on()[0], 8193),
                             (self.opened()[0], 65535)):
            host.frames.stream.sendall(pack("frame", {"length": length, "type": FRAMES["SIGN_ON"]}))
            self.assertEqual(self.verdict(host).signal, SIGNALS["MESSAGE"])
        self.house.server.wait_for("frame too long", 4)
        self.good()

    def test_byte_by_byte(self):
        """A slow Host is a Host like any other."""
        host, card = self.call(), self.made.card()
        real = host.frames.stream.sendall

        class Slowly:
            def __getattr__(_, name):
                return getattr(self.stream, name)

            def sendall(_, data):
                for byte in data:
                    real(bytes([byte]))
        self.stream, host.frames.stream = host.frames.stream, Slowly()
        host.handshake(card)
        self.assertEqual(host.ask(card, 3), 0)

    def test_who_does_not_read(self):
        """Asks and asks and never takes an answer: the server neither waits for it nor keeps its answers for ever."""
        process = self.house.server.process.pid
        host, card = self.opened("shared")
        before = resident(process)
        host.frames.stream.settimeout(2)
        try:
            for _ in range(400000):
                host.frames.send("HOST_DATA", card.traffic.host_to_server.seal("HOST_DATA", b"\x4D"))
        except OSError:
            pass
        self.assertLess(resident(process) - before, 16 << 20)
        self.good()


class Impatient(HostileTest):
    options = ("--sign-on-timeout", "1", "--handshake-timeout", "1", "--connections", "20")

    def test_silence_before_the_sign_on(self):
        self.assertEqual(self.verdict(self.call()).signal, SIGNALS["TIMEOUT"])
        self.good()

    def test_half_a_message(self):
        host = self.call()
        host.frames.stream.sendall(pack("frame", {"length": 208, "type": FRAMES["SIGN_ON"]}) + bytes(100))
        self.assertEqual(self.verdict(host).signal, SIGNALS["TIMEOUT"])
        self.good()

    def test_silence_before_the_audit(self):
        host, _ = self.signed_on()
        self.assertEqual(self.verdict(host).signal, SIGNALS["TIMEOUT"])
        self.good()

    def test_too_many(self):
        """The one too many is told to come back later; when there is room it is served."""
        hosts = [self.call() for _ in range(20)]
        with self.assertRaises(Signal) as refusal:
            Call(self.house.address)
        self.assertEqual((refusal.exception.signal, refusal.exception.step), (SIGNALS["BUSY"], 200))
        self.assertGreater(refusal.exception.wait, 0)
        for host in hosts:
            self.verdict(host)
        self.good()


if __name__ == "__main__":
    unittest.main()
