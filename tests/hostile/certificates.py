"""What the tests of the certificate meter share: a house whose authority and creditor decide at once, real cards with services
to pay for, and a tap in a line, which sees every frame that passes and may kill somebody before it goes on."""

import json
import socket
import threading
import time
import unittest

from psd_house import House
from psd_layout import FRAMES, size_of, unpack
from psd_printer import PIN, PUK
from psd_programs import PATIENCE, program
from psd_site import date_of
from psd_wire import Ended, call, read_exactly

NAMES = {value: name for name, value in FRAMES.items()}
PRICES = {"certificate": 1000, "activation": 500, "signing": 100, "postmark": 250, "verification": 10, "agent": 2000,
          "revocation": 500, "payment": 100}  # mills
SERVICES = "".join(f"service {name} {price / 1000:.3f}\n" for name, price in PRICES.items())
ZIP, LICENCE, DEPOSIT, REFILL = 62701, 9, 10000, 200  # dollars
USER_NAME = "CN=Ada"  # the user who signs on: his own name is vetted by the users' register


class Tap(threading.Thread):
    """A line through this process: whoever calls `listen` (HOST:PORT, or a path) is connected with `to`. `watch` is asked about
    every frame, with its direction ("asked", "answered"), name and body, before it is passed on; false ends the
    connection."""

    def __init__(self, listen, to):
        super().__init__(daemon=True)
        self.to, self.watch = to, lambda direction, name, body: True
        if "/" in listen:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.bind(listen)
        else:
            self.socket = socket.create_server(("127.0.0.1", 0))
            listen = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.address = listen
        self.socket.listen(64)
        self.start()

    def run(self):
        while True:
            try:
                near, _ = self.socket.accept()
            except OSError:
                break
            try:
                far = call(self.to)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            threading.Thread(target=self.connect, args=(near, far), daemon=True).start()
        self.socket.close()

    def connect(self, near, far):
        back = threading.Thread(target=self.pass_on, args=("answered", far, near), daemon=True)
        back.start()
        self.pass_on("asked", near, far)
        back.join()
        near.close()
        far.close()

    def pass_on(self, direction, one, other):
        try:
            while True:
                head = read_exactly(one, size_of("frame"))
                said = unpack("frame", head)
                body = read_exactly(one, said["length"])
                if not self.watch(direction, NAMES.get(said["type"], said["type"]), body):
                    break
                other.sendall(head + body)
        except (Ended, OSError):
            pass
        for stream in (one, other):
            try:
                stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.join()


class Blow:
    """Kills once: before the `count`-th frame of that name and direction goes on."""

    def __init__(self, kill, direction, name, count=1):
        self.kill, self.where, self.count, self.struck = kill, (direction, name), count, False
        self.over = threading.Event()

    def __call__(self, direction, name, body):
        if self.struck:
            return True
        if (direction, name) != self.where:
            return True
        self.count -= 1
        if self.count > 0:
            return True
        self.struck = True
        self.kill()
        self.over.set()
        return False


class CertificateHouse(House):
    """`kms_line` is between server and key management system, `line` between Host and server."""

    def __init__(self, *more, database=None):
        self.kms_line = None
        super().__init__("--vetting", "user", "--credit-most", "100000", "--kms-timeout", "2", *more, database=database)
        self.server_command("account", "license", "1", "--zip", str(ZIP), "--licence", str(LICENCE))
        self.server_command("account", "deposit", "1", str(DEPOSIT))
        self.publish()
        self.server_command("ca", "init")
        self.pins = self.write("pins", f"{PIN}\n{PUK}\n")
        self.pin = self.write("pin", PIN + "\n")
        self.line = Tap("127.0.0.1:0", self.address)

    def start_kms(self, role, *more):
        if role != "meter":
            return super().start_kms(role, *more)
        behind = self.path("meter-behind")
        if self.kms_line is None:
            self.kms_line = Tap(self.path("meter"), behind)
        return self.start("kms-meter", [program("PSD_KMS"), "run", "--dir", self.path("kms"), "--passphrase-file",
                                        self.passphrase, "--role", role, "--listen", behind, *more], '"started"')

    def restart_kms(self):
        self.kms = self.start_kms("meter")

    def publish(self):
        rates = (f"country US\neffective {dashed(date_of(-1))}\nexpires {dashed(date_of(300))}\n{SERVICES}"
                 "rate first 28g 0.73\n")
        self.server_command("rates", "publish", self.write("rates.txt", rates))

    def meter(self, name):
        """A real card in operation, with money for services and the rate table: the path of its socket."""
        card = self.real_card(name, "--key-pair", "--pin-file", self.pins)
        for verb in ("register", "audit"):
            self.psd(card, verb)
        self.psd(card, "refill", str(REFILL), "--group", "certificate")
        return card

    def tool(self, card, *arguments, address=None):
        """psd with all that a service may need: the result, whatever it is."""
        wants = ["--pin-file", self.pin] if arguments[0] != "audit" else []
        if address:
            wants += ["--server", address, "--user", "Ada", "--password-file", self.password]
        return self.result(program("PSD_CLI"), "--card", card, *arguments, *wants)

    def good(self, card, *arguments, address=None):
        done = self.tool(card, *arguments, address=address)
        if done.returncode != 0:
            raise AssertionError(f"psd {arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def slots(self, card):
        """What psd cert list says: a dictionary of slots."""
        said = json.loads(self.run(program("PSD_CLI"), "--card", card, "cert", "list", "--json"))
        return {slot["slot"]: slot for slot in said["slots"]}

    def info(self, card):
        return json.loads(self.run(program("PSD_CLI"), "--card", card, "info", "--json"))

    def listed(self, *arguments):
        return json.loads(self.server_command(*arguments, "--json"))

    def close(self):
        for line in (self.line, self.kms_line):
            line.close()
        super().close()


def dashed(date):
    text = str(date)
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


class CertificateTest(unittest.TestCase):
    """`options` go to psd-server, `database` is another than SQLite's."""

    options, database = (), None

    @classmethod
    def setUpClass(cls):
        cls.house = CertificateHouse(*cls.options, database=cls.database)

    @classmethod
    def tearDownClass(cls):
        cls.house.close()

    def balanced(self):
        """Ledger, registers and books agree."""
        said = self.house.reconcile()
        self.assertEqual((said["status"], said["wrong"], said["open_operations"], said["books"]["sum"]), (0, 0, 0, 0), said)
        return said["books"]

    def spent(self, card):
        """Mills and pieces of the certificate group, and what is due."""
        said = self.house.info(card)
        group = said["certificate_registers"]
        self.assertEqual(group["ascending_mills"] + group["descending_mills"], group["control_total_mills"])
        return group["ascending_mills"], group["piece_count"]


class KilledTest(CertificateTest):
    """Somebody is killed at a step of a figure, the flow begins again, and ends."""

    def kill_server(self):
        self.house.server.kill()

    def kill_kms(self):
        self.house.kms.kill()

    def blow(self, victim, line, direction, name, count=1):
        """The victim dies before that frame goes on; `flow` is what it comes from."""
        kill = {"server": self.kill_server, "kms": self.kill_kms}[victim]
        tap = {"host": self.house.line, "kms": self.house.kms_line}[line]
        tap.watch = Blow(kill, direction, name, count)
        return tap

    def struck(self, tap):
        """It was hit; whoever is dead comes back."""
        blow, tap.watch = tap.watch, lambda *frame: True
        self.assertTrue(blow.struck, blow.where)
        # Its peer may tell of it before it is known to be dead here, in the thread that has killed it.
        self.assertTrue(blow.over.wait(PATIENCE), blow.where)
        if self.house.server.process.poll() is not None:
            self.house.restart_server()
        if self.house.kms.process.poll() is not None:
            self.house.restart_kms()

    def until(self, done, *attempt):
        """psd again and again, until what it shall do is done: the server finds the key management system again by
        itself."""
        end, said = time.monotonic() + PATIENCE, None
        while not done():
            self.assertLess(time.monotonic(), end, said and said.stderr)
            said = attempt[0]() if len(attempt) == 1 else self.house.tool(*attempt, address=self.house.line.address)
        return said


__all__ = ["Blow", "CertificateHouse", "CertificateTest", "KilledTest", "PRICES", "Tap", "USER_NAME", "json", "program",
           "unittest"]
