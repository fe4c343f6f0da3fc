"""A verification site in Python (docs/verify.md): an authority, PSDs with certificates, a folder with all that is known, and
psd-verify looking at pieces with it."""

import csv
import datetime
import io
import os
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import psd_crypto as crypto
from psd_dsa import dsa_pair, dsa_point
from psd_evidence import (BY_DAY, COMPACT, POSTAGE, POSTAL, TokenSets, VENDOR, category, day_table,
                          maker_of, make_indicium, token)
from psd_layout import pack
from psd_programs import PATIENCE, program

METERING_POLICY = x509.ObjectIdentifier("1.3.6.1.4.1.32473.7816.1")


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def date_of(days=0):
    """YYYYMMDD of the day so many days from now, of UTC."""
    return int((now() + datetime.timedelta(days=days)).strftime("%Y%m%d"))


def integer(number):
    data = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(data)]) + data


def metering_policy(device, zip_code, licence):
    body = b"\x04\x08" + device + integer(zip_code) + integer(licence)
    return x509.UnrecognizedExtension(METERING_POLICY, bytes([0x30, len(body)]) + body)


def name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def usage(**wanted):
    bits = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
            "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{bit: wanted.get(bit, False) for bit in bits})


def pem(public):
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Authority:
    """A CA of Python."""

    def __init__(self, pair=None, title="CA"):
        self.pair, self.title = pair or crypto.new_pair(), title

    def _sign(self, subject, public, number, extensions, begins=-60, ends=365):
        builder = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(self.title))
                   .serial_number(number).public_key(public).not_valid_before(now() + datetime.timedelta(days=begins))
                   .not_valid_after(now() + datetime.timedelta(days=ends)))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.pair, hashes.SHA256())

    def certificate(self):
        return self._sign(self.title, self.pair.public_key(), 1, (
            (x509.BasicConstraints(True, None), True), (usage(key_cert_sign=True, crl_sign=True), True)))

    def certify(self, point, device, number=1, zip_code=50000, licence=7, **more):
        """A PSD's certificate."""
        return self._sign("PSD", crypto.read_point(point), number, (
            (usage(digital_signature=True), True), (metering_policy(device, zip_code, licence), False)), **more)

    def revoke(self, *numbers, days=30):
        """A list of revoked certificates."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(name(self.title)).last_update(now()) \
            .next_update(now() + datetime.timedelta(days=days))
        for number in numbers:
            entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(now()).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.pair, hashes.SHA256())


class Psd:
    """A PSD in Python that makes evidence: `make` debits nothing, it signs whatever is said."""

    def __init__(self, authority, tokens, serial=0x2A, number=7, zip_code=50000):
        self.device = b"PSD1" + serial.to_bytes(4, "big")
        self.serial, self.number, self.zip, self.tokens = serial, number, zip_code, tokens
        self.pair, self.dsa = crypto.new_pair(), dsa_pair(int.from_bytes(os.urandom(19), "big") + 1)
        self.certificate = authority.certify(crypto.point(self.pair), self.device, number, zip_code)

    def dsa_file(self):
        y = dsa_point(self.dsa)
        return self.device + y + crypto.ecdsa_sign(self.pair, b"psd dsa key", self.device, y)

    def final(self, domain, date, order=BY_DAY):
        return self.tokens.final(domain, order, self.device, date)

    def make(self, profile, piece, postage, rates=None, row=None, date=None, kind=POSTAGE, **more):
        """An indicium of a piece. `more` are fields that are something else than usual."""
        date = date_of() if date is None else date
        values = {"piece_count": piece, "postage": postage, "serial": self.serial,
                  "category": category(kind) if row is None else category(kind, row)}
        if profile == COMPACT:
            values.update(maker=maker_of(self.device), **more)
            return make_indicium(profile, values, final=self.final(POSTAL, date))
        values.update(certificate=self.number, vendor=self.device[:2], model=self.device[2:4], ascending=postage,
                      descending=100000 - postage, date=date, zip=self.zip, destination=0,
                      rates=rates.hash() if rates else bytes(4))
        values.update(more)
        return make_indicium(profile, values, self.pair, self.dsa)

    def tokens_of(self, piece, postage, date=None, digits=5, addressed=bytes(8)):
        """Both tokens of a piece, as they are written."""
        date = date or date_of()
        values = {"vendor": self.device[:2], "model": self.device[2:4], "serial": self.serial, "postage": postage,
                  "date": date, "piece_count": piece, "addressee": addressed}
        return [f"{token(self.final(domain, date), digits, values):0{digits}}" for domain in (VENDOR, POSTAL)]


class Site:
    """The folder. What is put there is there at once; psd-verify reads it anew each time."""

    def __init__(self, folder, authority=None, tokens=None, rate_pair=None):
        self.folder = folder
        self.authority, self.tokens = authority or Authority(), tokens or TokenSets()
        self.rate_pair, self.table_pairs = rate_pair or crypto.new_pair(), {VENDOR: crypto.new_pair(),
                                                                            POSTAL: crypto.new_pair()}
        os.mkdir(folder, 0o700)
        for part in ("ca", "certificates", "crl", "rates", "days", "dsa"):
            os.mkdir(self.path(part), 0o700)
        self.put("ca/ca.pem", self.authority.certificate().public_bytes(Encoding.PEM))
        self.put("rates.pem", pem(self.rate_pair.public_key()))
        self.put("vendor.pem", pem(self.table_pairs[VENDOR].public_key()))
        self.put("postal.pem", pem(self.table_pairs[POSTAL].public_key()))

    def path(self, part):
        return os.path.join(self.folder, part)

    def put(self, part, data):
        file = os.open(self.path(part), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(data)

    def psd(self, serial=0x2A, number=7, **more):
        """A PSD in Python that the site knows."""
        made = Psd(self.authority, self.tokens, serial, number, **more)
        self.know(made.device, made.certificate, made.dsa_file())
        return made

    def know(self, device, certificate, dsa_file=None):
        self.put(f"certificates/{device.hex()}.pem", certificate.public_bytes(Encoding.PEM))
        if dsa_file:
            self.put(f"dsa/{device.hex()}.dsa", dsa_file)

    def rates(self, table):
        self.put(f"rates/{table.head['version']}.rates", table.signed(self.rate_pair))

    def day(self, *dates):
        """Tables of those days, of both domains, in order 0."""
        for date in dates or (date_of(),):
            for domain, pair in self.table_pairs.items():
                self.put(f"days/{domain}-{date}.day",
                         day_table(pair, domain, 1, date, self.tokens.day_rows(domain, date)))

    def run(self, *arguments, given=None):
        return subprocess.run([program("PSD_VERIFY"), *arguments[:1], "--site", self.folder, *arguments[1:]],
                              input=given, stdin=None if given is not None else subprocess.DEVNULL, capture_output=True,
                              timeout=PATIENCE, check=False)

    def judge(self, lines, *options):
        """What psd-verify batch finds of a list: a dictionary each, with the columns of --csv."""
        self.put("list", b"".join(line if isinstance(line, bytes) else line.encode() + b"\n" for line in lines))
        if "--db" not in options:
            options = ("--no-remember", *options)
        done = self.run("batch", *options, "--csv", "-", self.path("list"))
        if done.returncode not in (0, 1) or done.returncode == 0 and done.stderr:
            raise AssertionError(f"psd-verify: exit status {done.returncode}\n{done.stderr.decode()}")
        return list(csv.DictReader(io.StringIO(done.stdout.decode())))


def line_of(indicium, address="", vendor="", postal=""):
    """A line of a list."""
    return f'{indicium.hex()},"{address}",{vendor},{postal}'
