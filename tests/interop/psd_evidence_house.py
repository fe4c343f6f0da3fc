"""A house (psd_house.py) of both domains: the post has a key management system too, and both register token keys."""

import os
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_public_key

import psd_crypto as crypto
from psd_evidence import POSTAL, VENDOR, final_key, key_of_set, pointer_of
from psd_house import House
from psd_layout import pack, take, unpack
from psd_printer import DSA_KEY, PIN, PUK, Expected, Printer
from psd_programs import PATIENCE, program
from psd_vault import TOKEN, newest, open_keys
from psd_wire import CardSocket, Frames, call

NAMES = {VENDOR: "kms", POSTAL: "postal-kms"}
ZIP, LICENCE = 62701, 9
COUNTRY = """country US
effective {effective}
expires {expires}
service certificate 1.00
service activation 0.50
service signing 0.10
service postmark {postmark}
service verification 0
service agent 2.00
service revocation 0.50
service payment 0.10
rate first 28g {letter}
rate first 57g 1.01
rate priority zone 1 1lb 9.35
origin 627
zone 000-099 1
"""


class EvidenceHouse(House):
    def __init__(self, *more, **options):
        super().__init__(*more, **options)
        self.masters = {}  # of each domain: when the keys were written, and what is in them
        self.kms_of(POSTAL, "init", "--domain", "postal")
        self.start_domain(POSTAL, "manufacturing")
        for domain in NAMES:
            self.start_domain(domain, "registration")
        self.server_command("account", "license", "1", "--zip", str(ZIP), "--licence", str(LICENCE))
        self.server_command("account", "deposit", "1", "10000")
        self.pins = self.write("pins", f"{PIN}\n{PUK}\n")
        self.pin = self.write("pin", PIN + "\n")

    @staticmethod
    def socket_of(domain, role):
        return role if domain == VENDOR and role != "registration" else f"{domain}-{role}"

    def start_domain(self, domain, role):
        name = self.socket_of(domain, role)
        return self.start("kms-" + name, [program("PSD_KMS"), "run", "--dir", self.path(NAMES[domain]),
                                          "--passphrase-file", self.passphrase, "--role", role, "--listen",
                                          self.path(name)], '"started"')

    def kms_of(self, domain, verb, *more, expect=0):
        return self.run(program("PSD_KMS"), *verb.split(), "--dir", self.path(NAMES[domain]), "--passphrase-file",
                        self.passphrase, *more, expect=expect)

    def ask_domain(self, domain, role, name, body):
        """Type and content of the answer."""
        frames = Frames(call(self.path(self.socket_of(domain, role))))
        try:
            frames.send(name, pack("kms_call", {"number": 7}) + body)
            answer, body = frames.receive()
        finally:
            frames.close()
        return answer, take("kms_call", body)[1]

    def refusal(self, domain, role, name, body):
        """The signal; None for an answer."""
        answer, content = self.ask_domain(domain, role, name, body)
        return unpack("error_signal", content)["signal"] if answer == "KMS_REFUSED" else None

    def master(self, domain):
        """Identifier and secret of the newest set."""
        path = os.path.join(self.path(NAMES[domain]), "keys")
        written = os.stat(path).st_mtime_ns
        if self.masters.get(domain, (None,))[0] != written:
            said, rows = open_keys(path, "a passphrase for tests")
            if said != domain:
                raise ValueError("the keys of another domain")
            row = newest(rows, TOKEN)
            self.masters[domain] = written, (row["identifier"], row["secret"])
        return self.masters[domain][1]

    def k_pred(self, domain, device):
        return key_of_set(self.master(domain)[1], pointer_of(device))

    def point(self, domain, kind):
        """The public key of a kind, as export prints it."""
        return crypto.point(load_pem_public_key(self.kms_of(domain, "export", "--kind", kind).encode()))

    def meter(self, name, order="day", *more):
        """A real card in operation with money and every key: a Meter below."""
        path = self.real_card(name, "--dsa", "--postal-kms", self.path(self.socket_of(POSTAL, "manufacturing")),
                              "--token-order", order, "--pin-file", self.pins, *more)
        for verb in ("register", "audit"):
            self.psd(path, verb)
        self.psd(path, "refill", "500.00")
        return Meter(self, path, order)

    def publish(self, version_text="", effective="2026-01-01", expires="2090-01-01", letter="0.73", postmark="0.25",
                expect=0):
        with open(self.path("rates.txt"), "w", encoding="ascii") as out:
            out.write(version_text + COUNTRY.format(effective=effective, expires=expires, letter=letter,
                                                    postmark=postmark))
        return self.server_command("rates", "publish", self.path("rates.txt"), expect=expect)


class Meter:
    """A real card of the house."""

    def __init__(self, house, path, order):
        self.house, self.path = house, path
        self.card = CardSocket(path)
        self.printer = Printer(self.card).begin()
        self.device_bytes = self.printer.object(0xDF20)
        self.device = unpack("device_id", self.device_bytes)
        self.certificate = x509.load_der_x509_certificate(self.printer.object(0xDF2A))
        self.point = crypto.point(self.certificate.public_key())
        chosen = 0 if order == "day" else 1
        keys = {domain: house.k_pred(domain, self.device_bytes) for domain in NAMES}
        self.finals = {name: lambda date, domain=domain: final_key(chosen, keys[domain], self.device_bytes, date)
                       for name, domain in (("vendor", VENDOR), ("postal", POSTAL))}
        self.expected = Expected(self.device, self.certificate.serial_number, ZIP, self.point,
                                 self.printer.object(DSA_KEY), self.finals)

    def session(self, verb="audit"):
        """With the meter server, by psd; afterwards the card is this side's again."""
        self.card.close()
        said = self.house.psd(self.path, verb)
        self.again()
        return said

    def tool(self, *arguments, expect=0):
        self.card.close()
        said = self.house.run(program("PSD_CLI"), "--card", self.path, *arguments, "--pin-file", self.house.pin,
                              expect=expect)
        self.again()
        return said

    def again(self):
        self.card = self.printer.card = CardSocket(self.path)
        self.printer.begin()

    def close(self):
        self.card.close()


def verify(site, *arguments):
    """psd-verify on a folder: what it ended with and said."""
    done = subprocess.run([program("PSD_VERIFY"), arguments[0], "--site", site, *arguments[1:]], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout, done.stderr
