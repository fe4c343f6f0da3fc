"""A whole house of real programs: key management system in both roles, meter server with its database, cards made there,
and a user. Cards are played in Python (psd_handshake.Card) or are real ones behind sockets."""

import json
import re

from psd_funds import Meter
from psd_handshake import Card, context_of, stretch
from psd_layout import SUITES, pack, size_of, take, unpack
from psd_programs import Bench, program
from psd_wire import Frames, Signal, call

USER, PASSWORD = "Ada", "correct horse"
CHEAP = ("--memory", "8192", "--passes", "1", "--lanes", "1")
IDENTIFIER = {"vendor": b"PB", "model": b"S1"}


class House(Bench):
    """Starts everything; `more` are further options of psd-server, `database` is the URL of another one than SQLite's."""

    def __init__(self, *more, rsa=True, database=None):
        super().__init__()
        self.more = more
        self.passphrase = self.write("passphrase", "a passphrase for tests\n")
        self.password = self.write("password", PASSWORD + "\n")
        self.kms_command("init", *(("--rsa", "2048") if rsa else ()))
        self.database = database or "sqlite:" + self.path("meter.db")
        self.kms = self.start_kms("meter")
        self.factory_kms = self.start_kms("manufacturing")
        self.server = self.start_server()
        self.server_command("account", "create", "1", "Tests")
        self.server_command("user", "add", USER, "--account", "1", "--password-file", self.password, *CHEAP)
        self.serial = 0x1000

    def kms_command(self, verb, *more, expect=0):
        return self.run(program("PSD_KMS"), verb, "--dir", self.path("kms"), "--passphrase-file", self.passphrase, *more,
                        expect=expect)

    def server_command(self, *arguments, expect=0):
        return self.run(program("PSD_SERVER"), *arguments, "--db", self.database, "--kms", self.path("meter"),
                        expect=expect)

    def reconcile(self):
        """What psd-server reconcile says of every meter and of the books; "status" is its exit status."""
        said = self.result(program("PSD_SERVER"), "reconcile", "--all", "--json", "--db", self.database)
        return {**json.loads(said.stdout), "status": said.returncode}

    def shown(self, made):
        """What psd-server meter show says."""
        return json.loads(self.server_command("meter", "show", f"PB S1 {made.device['serial']:08X}", "--json"))

    def start_kms(self, role, *more):
        return self.start("kms-" + role, [program("PSD_KMS"), "run", "--dir", self.path("kms"), "--passphrase-file",
                                          self.passphrase, "--role", role, "--listen", self.path(role), *more],
                          '"started"')

    def start_server(self, listen="127.0.0.1:0"):
        server = self.another_server("server", "control", listen)
        self.address = server.address
        return server

    def another_server(self, name, control, listen="127.0.0.1:0"):
        """One more on the same database, with a control socket of that name; `address` is where it listens."""
        server = self.start(name, [program("PSD_SERVER"), "run", "--db", self.database, "--kms", self.path("meter"),
                                   "--listen", listen, "--control", self.path(control), "--suites", "p256,rsa,shared",
                                   *CHEAP, *self.more], '"started"')
        server.address = re.search(r"listening on (\S+)", server.said()).group(1)
        return server

    def restart_server(self):
        """At the same address as before."""
        self.server = self.start_server(self.address)

    def ask_kms(self, role, name, body):
        """One request: the type and content of the answer."""
        frames = Frames(call(self.path(role)))
        frames.send(name, pack("kms_call", {"number": 7}) + body)
        answer, body = frames.receive()
        frames.close()
        said, content = take("kms_call", body)
        if said["number"] != 7:
            raise ValueError("an answer to another request")
        return answer, content

    def manufacture(self, suites=("p256", "rsa", "shared"), scheme=0):
        """Keys for a new PSD from the factory's key management system, enrolled at the meter server: what a card of
        Python is made of."""
        self.serial += 1
        device = {**IDENTIFIER, "serial": self.serial}
        answer, content = self.ask_kms("manufacturing", "KMS_MANUFACTURE", pack("kms_manufacture", {
            **device, "scheme": scheme, "suites": sum(SUITES[name] for name in suites)}))
        if answer != "KMS_MANUFACTURED":
            raise ValueError(answer)
        keys, rest = take("kms_manufactured", content)
        made = Made(device, keys, rest)
        self.enrol(made)
        return made

    def enrol(self, made):
        control = Frames(call(self.path("control")))
        try:
            control.send("ENROL", pack("enrol", {**made.device, "wrapped_k4": made.keys["wrapped_k4"],
                                                 "vendor_key": made.keys["vendor_key"],
                                                 "ca_key": made.keys["ca_key"]}))
            control.expect("ENROLLED")
        finally:
            control.close()

    def real_card(self, name, *more):
        """A psd-card made into a meter by psd manufacture: the path of its socket."""
        self.serial += 1
        path = self.blank_card(name, f"{self.serial:08X}")
        self.run(program("PSD_CLI"), "--card", path, "manufacture", "--kms", self.path("manufacturing"), "--server",
                 self.path("control"), "--keys", self.path(name + ".state.keys"), "--suites", "p256,rsa,shared", *more)
        return path

    def psd(self, card, verb, *more, address=None, expect=0):
        return self.run(program("PSD_CLI"), "--card", card, verb, "--server", address or self.address, "--user", USER,
                        "--password-file", self.password, *more, expect=expect)


class Made:
    """What the factory gave for one PSD."""

    def __init__(self, device, keys, rest):
        self.device, self.keys, self.rest = device, keys, rest

    def meter(self, suite="shared", **more):
        """A card that has registers: one for all its sessions."""
        card = self.card(suite)
        return Meter(suite, card.forward, card.identifier, card.k1, card.k3, card.device, **more)

    def card(self, suite="p256", forward=True):
        keys = self.keys
        identifier, key = keys["vendor_key"], keys["vendor_point"]
        if suite == "rsa":
            from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
            head, modulus = take("rsa_key", self.rest)
            identifier = head["identifier"]
            key = RSAPublicNumbers(head["exponent"], int.from_bytes(modulus, "big")).public_key()
        if suite == "shared":
            identifier, key = keys["shared_key"], keys["shared"]
        return Card(suite, forward and suite == "p256", identifier, key, keys["key"], self.device)


class Call:
    """A Host in Python: one call of the meter server. The verifier is the same for every greeting of one realm."""

    verifiers = {}

    def __init__(self, address, password=PASSWORD):
        self.frames = Frames(call(address))
        self.ordinal, self.relayed = 0, []
        try:
            self.greeting = self.frames.expect("GREETING")
        except Exception:
            self.frames.close()
            raise
        said = unpack("greeting", self.greeting)
        key = (said["realm"], said["memory"], said["passes"], said["lanes"], password)
        if key not in self.verifiers:
            self.verifiers[key] = stretch(self.greeting, USER, password)
        self.verifier = self.verifiers[key]

    def context(self):
        return context_of(self.greeting, self.ordinal)

    def sign_on(self, card, name=USER):
        """M1 and M2."""
        self.frames.send("SIGN_ON", card.sign_on(self.context(), name, self.verifier))
        card.open_response(self.frames.expect("SIGN_ON_RESPONSE"))

    def audit(self, card):
        """M3 and M4: the result."""
        self.frames.send("AUDIT_RESPONSE", card.answer_audit())
        return card.open_result(self.frames.expect("AUDIT_RESULT"))

    def handshake(self, card, name=USER):
        self.sign_on(card, name)
        return self.audit(card)

    def ask(self, card, operation, content=b""):
        """A request of the Host: 0 or the signal in the answer."""
        return self.answer_to(card, operation, content)[0]

    def answer_to(self, card, operation, content=b""):
        """The same, with the FUNDS_RESULT behind it: None without one. What the server sends to the card meanwhile the
        card obeys, if it is one that does."""
        text = pack("host_request", {"operation": operation}) + content
        self.frames.send("HOST_DATA", card.traffic.host_to_server.seal("HOST_DATA", text))
        name, body = self.frames.receive()
        while name == "CARD_DATA":
            self.frames.send("CARD_DATA", self.obeyed_by(card, body))
            name, body = self.frames.receive()
        if name == "ERROR_SIGNAL":
            raise Signal(body)
        answer, rest = take("host_answer", card.traffic.server_to_host.open("HOST_DATA", body))
        if name != "HOST_DATA" or answer["operation"] != operation or len(rest) not in (0, size_of("funds_result")):
            raise ValueError("no answer to the request")
        return answer["signal"], unpack("funds_result", rest) if rest else None

    def obeyed_by(self, card, record):
        """The card's answer to a command; what was said is kept."""
        self.relayed.append((record, card.obey_record(record)))
        return self.relayed[-1][1]

    def move(self, card, operation, amount, group=0, final=0):
        """A refill or a withdrawal."""
        return self.answer_to(card, operation, pack("funds_wish", {"group": group, "amount": amount, "final": final}))

    def recover(self, card):
        """A handshake, and what follows it: the actions, and the FUNDS_RESULT of what was recovered."""
        actions = self.handshake(card)["actions"]
        signal, recovered = self.answer_to(card, DONE)
        if signal:
            raise ValueError(f"done is refused: {signal}")
        return actions, recovered

    def sign_off(self):
        self.frames.send("SIGN_OFF")
        self.ordinal += 1

    def close(self):
        self.frames.close()


def handshake(address, card):
    """A whole handshake on a connection of its own; the result."""
    host = Call(address)
    try:
        return host.handshake(card)
    finally:
        host.close()


REGISTER, NEW_PASSWORD, DONE, REFILL, WITHDRAW = 1, 2, 3, 4, 5
