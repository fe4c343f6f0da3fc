#!/usr/bin/python3
"""Evidence of postage with both real key management systems and the real meter server: token keys computed from the masters,
tables of days, rate tables, lists of revoked certificates, registration, and a site whose folder the real programs wrote."""

import datetime
import os
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes

import psd_crypto as crypto
from psd_evidence import (BY_DAY, BY_METER, COMPACT, DSA, FIRST, P256, POSTAGE, POSTAL, TEST, VENDOR, Rates, final_key,
                          final_of_table, held_key, key_of_set, of_day, pointer_of, read_day_table, read_rates,
                          registration_token)
from psd_evidence_house import LICENCE, NAMES, ZIP, EvidenceHouse, verify
from psd_house import DONE, REGISTER, Call
from psd_layout import ACTIONS, SIGNALS, STATES, pack, unpack
from psd_printer import DSA_KEY, LETTER, RATES
from psd_site import METERING_POLICY, date_of, line_of, metering_policy, now
from psd_wire import CardRefused


class WithHouse(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house, cls.count = EvidenceHouse(), 0

    @classmethod
    def tearDownClass(cls):
        cls.house.close()

    def meter(self, order="day"):
        type(self).count += 1
        meter = self.house.meter(f"meter{self.count}", order)
        self.addCleanup(meter.close)
        return meter

    def token_key(self, domain, serial, order=0, digits=5, vendor=b"PS", model=b"D1"):
        return pack("kms_token_key", {"vendor": vendor, "model": model, "serial": serial, "order": order,
                                      "digits": digits})


class Keys(WithHouse):
    def test_token_keys(self):
        """Handed out as they follow from the masters, and the same again."""
        for domain in NAMES:
            key_set, master = self.house.master(domain)
            for order in (BY_DAY, BY_METER):
                for digits in (2, 5, 8):
                    serial = 0x100 * domain + 0x10 * order + digits
                    device = b"PSD1" + serial.to_bytes(4, "big")
                    wanted = {"set": key_set, "pointer": pointer_of(device), "digits": digits, "order": order,
                              "key": held_key(order, key_of_set(master, pointer_of(device)), device)}
                    for _ in range(2):
                        answer, content = self.house.ask_domain(domain, "manufacturing", "KMS_TOKEN_KEY",
                                                                self.token_key(domain, serial, order, digits))
                        self.assertEqual((answer, unpack("token_key", content)), ("KMS_TOKEN_KEY_MADE", wanted))

    def test_registration(self):
        for domain in NAMES:
            key_set, master = self.house.master(domain)
            for order in (BY_DAY, BY_METER):
                serial = 0x1000 * domain + order
                device = b"PSD1" + serial.to_bytes(4, "big")
                self.house.ask_domain(domain, "manufacturing", "KMS_TOKEN_KEY", self.token_key(domain, serial, order))
                final = final_key(order, key_of_set(master, pointer_of(device)), device, 0)
                values = {"vendor": b"PS", "model": b"D1", "serial": serial, "zip": ZIP, "licence": LICENCE}
                right = registration_token(final, values)

                def register(**more):
                    body = pack("kms_register", {**values, "set": key_set, "token": right, **more})
                    return self.house.refusal(domain, "registration", "KMS_REGISTER", body)
                self.assertEqual(register(token=(right + 1) % 10 ** 8), SIGNALS["SIGNATURE"])
                self.assertEqual(register(zip=ZIP + 1), SIGNALS["SIGNATURE"])
                self.assertEqual(register(set=key_set + 1), SIGNALS["REQUEST"])
                self.assertEqual(register(serial=serial + 7), SIGNALS["REQUEST"])
                self.assertIsNone(register())
                self.assertIsNone(register())
                self.assertIn("registered", self.house.kms_of(domain, "tokens show", f"{serial:08X}"))
                self.assertEqual(self.house.refusal(domain, "manufacturing", "KMS_TOKEN_KEY",
                                                    self.token_key(domain, serial, order)), SIGNALS["REQUEST"])
            self.house.kms_of(domain, "tokens audit")

    def test_days(self):
        """Each key of each table, both orders, several days, an earlier set too."""
        for domain, name in ((VENDOR, "vendor"), (POSTAL, "postal")):
            out = self.house.path("days-" + name)
            for serial in (0x2001, 0x2002):
                self.house.ask_domain(domain, "manufacturing", "KMS_TOKEN_KEY", self.token_key(domain, serial, BY_METER))
            sets = dict([self.house.master(domain)])
            self.house.kms_of(domain, "rotate", "--kind", "token")
            sets.update([self.house.master(domain)])
            day = now() + datetime.timedelta(days=3)
            self.house.kms_of(domain, "day", "--date", day.strftime("%Y-%m-%d"), "--days", "2", "--out", out)
            point, found = self.house.point(domain, "table"), {}
            for file in os.listdir(out):
                self.assertEqual(os.stat(os.path.join(out, file)).st_mode & 0o777, 0o600)
                with open(os.path.join(out, file), "rb") as data:
                    head, rows = read_day_table(data.read(), point)
                self.assertEqual(head["domain"], domain)
                found[head["set"], head["date"], head["order"]] = head, rows
            dates = (date_of(3), date_of(4))
            days = {key for key in found if key[2] == BY_DAY}
            self.assertEqual(days, {(of, date, BY_DAY) for of in sets for date in dates})
            for (of, date, _), (_, rows) in ((key, found[key]) for key in days):
                self.assertEqual(rows, [of_day(key_of_set(sets[of], pointer), date) for pointer in range(1000)])
            first = min(sets)
            for date in dates:
                table = found[first, date, BY_METER]
                for serial in (0x2001, 0x2002):
                    device = b"PSD1" + serial.to_bytes(4, "big")
                    key = key_of_set(sets[first], pointer_of(device))
                    self.assertEqual(final_of_table(table, device, date), final_key(BY_METER, key, device, date))
                self.assertEqual(list(table[1]), sorted(table[1]))


class Rating(WithHouse):
    def test_signed(self):
        """KMS_RATES signs what Python wrote, each version once."""
        def ask(table, **altered):
            answer, content = self.house.ask_domain(VENDOR, "meter", "KMS_RATES", table.bytes(**altered))
            return content if answer == "KMS_RATES_SIGNED" else unpack("error_signal", content)["signal"]
        table = Rates(5, 20260101, 20270101, [(FIRST, 0, 28, 730)], country=b"DE")
        point = self.house.point(VENDOR, "rate")
        signature = ask(table)
        self.assertEqual(read_rates(table.bytes() + signature, point).rows, [(FIRST, 0, 28, 730)])
        self.assertTrue(crypto.ecdsa_verify(point, ask(table), b"psd rate table", table.bytes()))
        self.assertEqual(ask(Rates(5, 20260101, 20270101, [(FIRST, 0, 28, 731)], country=b"DE")), SIGNALS["REQUEST"])
        self.assertEqual(ask(Rates(4, 20260101, 20270101, [(FIRST, 0, 28, 730)], country=b"DE")), SIGNALS["REQUEST"])
        self.assertEqual(ask(Rates(6, 20260101, 20270101, [(FIRST, 0, 28, 10000001)], country=b"DE")), SIGNALS["LIMIT"])
        self.assertEqual(ask(table, version=6, rows=2), SIGNALS["MESSAGE"])
        self.assertEqual(self.house.refusal(POSTAL, "registration", "KMS_RATES", table.bytes()), SIGNALS["ROLE"])

    def test_published(self):
        """From the operator's file to the card and to a card of Python, in a session, byte for byte."""
        house, meter = self.house, self.meter()
        with self.assertRaises(CardRefused):
            meter.printer.object(RATES)
        house.publish(postmark="0.333")
        file = house.path("1.rates")
        house.server_command("rates", "export", "1", file)
        with open(file, "rb") as data:
            signed = data.read()
        table = read_rates(signed, house.point(VENDOR, "rate"))
        self.assertEqual((table.head["version"], table.head["origin"], table.services["postmark"], table.find(FIRST, 57),
                          table.find(4, 453, 0, ZIP, 10 ** 8)),
                         (1, 627, 333, (1, 1010), (2, 9350)))
        meter.session()
        self.assertEqual(meter.printer.object(RATES), signed)
        self.in_python(signed)

    def in_python(self, signed):
        """A card of Python gets it when it is registered, and the next one as soon as it was published."""
        house = self.house
        python = house.manufacture().meter("shared", state=STATES["INITIALIZED"])
        host = Call(house.address)
        self.addCleanup(host.close)
        host.handshake(python)
        self.assertEqual(host.ask(python, REGISTER), 0)
        self.assertEqual(host.ask(python, DONE), 0)
        self.assertEqual(python.rates, signed)
        house.publish(letter="0.74")
        host.sign_off()
        self.assertTrue(host.handshake(python)["actions"] & ACTIONS["RATES"])
        self.assertEqual(host.ask(python, DONE), 0)
        self.assertEqual(read_rates(python.rates, house.point(VENDOR, "rate")).find(FIRST, 1), (0, 740))


class AtTheSite(WithHouse):
    def export(self, name):
        """A site's folder as the real programs make it."""
        house, site = self.house, self.house.path(name)
        house.server_command("verification", "export", site)
        for part in ("ca", "crl", "dsa"):
            os.makedirs(os.path.join(site, part), 0o700, exist_ok=True)
        for domain, file in ((VENDOR, "vendor.pem"), (POSTAL, "postal.pem")):
            self.write(site, file, house.kms_of(domain, "export", "--kind", "table"))
            house.kms_of(domain, "day", "--date", now().strftime("%Y-%m-%d"), "--out", os.path.join(site, "days"))
        self.write(site, "rates.pem", house.kms_of(VENDOR, "export", "--kind", "rate"))
        self.write(site, "ca/ca.pem", house.kms_of(VENDOR, "ca"))
        self.revocations(site)
        return site

    def revocations(self, site):
        house = self.house
        self.write(site, "revoked.csv", house.server_command("meter", "revoked", "--csv"))
        self.write(site, "crl/ca.pem", house.kms_of(VENDOR, "crl", "--revoked", os.path.join(site, "revoked.csv")))

    @staticmethod
    def write(site, name, text):
        with open(os.path.join(site, name), "w", encoding="utf-8") as out:
            out.write(text)

    def made(self, meter, profile, kind=POSTAGE, table=None, **asked):
        head, indicium = meter.printer.create(profile, kind, **asked)
        rated = kind == POSTAGE
        self.assertEqual(meter.expected.check(head, indicium, meter.printer.registers(), kind, profile, asked,
                                              table.hash() if rated and profile != COMPACT else None,
                                              0 if rated else None), [])
        return line_of(indicium, "", f"{head['vendor_token']:05}", f"{head['postal_token']:05}"), indicium

    def judged(self, site, lines):
        self.write(site, "list", "".join(line + "\n" for line in lines))
        status, said, wrong = verify(site, "batch", "--no-remember", "--csv", "-", os.path.join(site, "list"))
        self.assertIn(status, (0, 1), wrong)
        return [line.split(",")[1:3] for line in said.splitlines()[1:]]

    def test_whole_life(self):
        house = self.house
        house.publish()
        meters = [self.meter(order) for order in ("day", "meter")]
        for meter in meters:
            meter.session()
            meter.tool("tokens", "register", "--kms", house.path("1-registration"), "--postal-kms",
                       house.path("2-registration"))
            self.assertIn("registered", house.kms_of(POSTAL, "tokens show", f"{meter.device['serial']:08X}"))
        site = self.export("site")
        table = read_rates(meters[0].printer.object(RATES), house.point(VENDOR, "rate"))
        lines = []
        for meter in meters:
            self.certificate(meter)
            file = os.path.join(site, "dsa", f"{meter.device['serial']}.dsa")
            with open(file, "wb") as out:
                out.write(meter.device_bytes + meter.printer.object(DSA_KEY))
            for profile in (P256, DSA, COMPACT):
                lines.append(self.made(meter, profile, table=table, **LETTER)[0])
            lines.append(self.made(meter, P256, TEST)[0])
        self.assertEqual(self.judged(site, lines), ([["accepted", ""]] * 3 + [["refused", "kind"]]) * 2)
        self.revoke(site, meters[1], lines[4:7])

    def certificate(self, meter):
        """It names the PSD, and the authority has signed it."""
        authority = x509.load_pem_x509_certificate(self.house.kms_of(VENDOR, "ca").encode())
        policy = meter.certificate.extensions.get_extension_for_oid(METERING_POLICY).value
        self.assertEqual(policy, metering_policy(meter.device_bytes, ZIP, LICENCE))
        authority.public_key().verify(meter.certificate.signature, meter.certificate.tbs_certificate_bytes,
                                      crypto.ec.ECDSA(hashes.SHA256()))

    def revoke(self, site, meter, lines):
        """The list has its certificate, and with the list its pieces are refused."""
        self.house.server_command("meter", "revoke", f"PS D1 {meter.device['serial']:08X}")
        self.revocations(site)
        with open(os.path.join(site, "crl", "ca.pem"), "rb") as file:
            crl = x509.load_pem_x509_crl(file.read())
        authority = x509.load_pem_x509_certificate(self.house.kms_of(VENDOR, "ca").encode())
        self.assertTrue(crl.is_signature_valid(authority.public_key()))
        self.assertEqual(crl.issuer, authority.subject)
        entries = {entry.serial_number: entry for entry in crl}
        self.assertEqual(list(entries), [meter.certificate.serial_number])
        reason = entries[meter.certificate.serial_number].extensions.get_extension_for_class(x509.CRLReason).value.reason
        self.assertEqual(reason, x509.ReasonFlags.certificate_hold)
        self.assertEqual(self.judged(site, lines)[:2], [["refused", "revocation"]] * 2)
        self.house.server_command("meter", "restore", f"PS D1 {meter.device['serial']:08X}")
        self.revocations(site)
        self.assertEqual(self.judged(site, lines), [["accepted", ""]] * 3)


if __name__ == "__main__":
    unittest.main()
