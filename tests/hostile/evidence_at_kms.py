#!/usr/bin/python3
"""Who may connect to a key management system's socket: token keys, registrations and rate tables with garbage in every field, in
every role and domain; registration tokens that are guessed. What it refuses changes nothing, and it serves on."""

import os
import random
import threading
import unittest

from evidence_on_card import makes_sense
from hostile import SIGNALS
from psd_crypto import ecdsa_verify
from psd_evidence import FIRST, POSTAL, PRIORITY, VENDOR, Rates, final_key, key_of_set, pointer_of, registration_token
from psd_evidence_house import LICENCE, NAMES, ZIP, EvidenceHouse
from psd_layout import FRAMES, pack, size_of, unpack
from psd_wire import Ended, Frames, call

DRAW = random.Random(os.environ.get("PSD_SEED", "4711"))
ROLES = {VENDOR: ("meter", "manufacturing", "registration"), POSTAL: ("manufacturing", "registration")}
SERVED = {"KMS_TOKEN_KEY": "manufacturing", "KMS_REGISTER": "registration"}
TRIES = 10


class AtKms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = EvidenceHouse(rsa=False)
        cls.serial = 0x5000

    @classmethod
    def tearDownClass(cls):
        for domain in NAMES:
            cls.house.kms_of(domain, "tokens audit")
            cls.house.kms_of(domain, "log", "--verify")
        cls.house.close()

    def refused(self, domain, role, name, body):
        """The name of the signal; None if it was done."""
        signal = self.house.refusal(domain, role, name, body)
        return next((words for words, value in SIGNALS.items() if value == signal), None)

    def token_key(self, **more):
        return pack("kms_token_key", {"vendor": b"PS", "model": b"D1", "serial": 1, "order": 0, "digits": 5, **more})

    def installed(self, domain, order=0):
        """A PSD that has a key: what to register it with, and the right token."""
        type(self).serial += 1
        self.assertIsNone(self.refused(domain, "manufacturing", "KMS_TOKEN_KEY", self.token_key(serial=self.serial,
                                                                                              order=order)))
        device = b"PSD1" + self.serial.to_bytes(4, "big")
        key_set, master = self.house.master(domain)
        values = {"vendor": b"PS", "model": b"D1", "serial": self.serial, "zip": ZIP, "licence": LICENCE}
        final = final_key(order, key_of_set(master, pointer_of(device)), device, 0)
        return {**values, "set": key_set, "token": registration_token(final, values)}

    def register(self, domain, values, **more):
        return self.refused(domain, "registration", "KMS_REGISTER", pack("kms_register", {**values, **more}))

    def test_roles(self):
        """Each request is answered in its role and domain and nowhere else."""
        for domain, roles in ROLES.items():
            for role in roles:
                for name in (name for name in FRAMES if name.startswith("KMS_")):
                    size = size_of(name.lower()) if name in SERVED else 0
                    served = role == SERVED.get(name) or domain == VENDOR and name not in SERVED
                    answer = self.refused(domain, role, name, bytes(size))
                    if not served:
                        self.assertIn(answer, ("ROLE", "MESSAGE"), (domain, role, name))
                    if name in SERVED and not served:
                        self.assertEqual(answer, "ROLE", (domain, role, name))

    def test_lengths(self):
        for domain in NAMES:
            for name, role in SERVED.items():
                size = size_of(name.lower())
                for length in (*range(size), *range(size + 1, size + 40), 1000, 4000):
                    self.assertEqual(self.refused(domain, role, name, os.urandom(length)), "MESSAGE", (name, length))
        for length in (*range(0, 90, 3), 1961, 2000, 4000):
            self.assertEqual(self.refused(VENDOR, "meter", "KMS_RATES", os.urandom(length)), "MESSAGE")

    def test_token_keys(self):
        """Fields that are none, and any by lot: refused with REQUEST, and no key comes of it."""
        for domain in NAMES:
            before = self.house.kms_of(domain, "tokens list")
            for wrong in ({"vendor": b"\0\0"}, {"vendor": b"P\x7f"}, {"model": b"\xff\xff"}, {"model": b"\n1"}, {"order": 2},
                          {"order": 255}, {"digits": 0}, {"digits": 1}, {"digits": 9}, {"digits": 255}):
                self.assertEqual(self.refused(domain, "manufacturing", "KMS_TOKEN_KEY", self.token_key(**wrong)), "REQUEST",
                                 wrong)
            self.assertEqual(self.house.kms_of(domain, "tokens list"), before)
            for _ in range(200):
                body = os.urandom(size_of("kms_token_key"))
                said = unpack("kms_token_key", body)
                good = (all(0x20 <= byte < 0x7F for byte in said["vendor"] + said["model"]) and said["order"] < 2
                        and 2 <= said["digits"] <= 8)
                self.assertEqual(self.refused(domain, "manufacturing", "KMS_TOKEN_KEY", body), None if good else "REQUEST")

    def test_guessing(self):
        """Ten wrong tokens and no more, for whoever asks, over however many connections; until the operator has looked."""
        for domain in NAMES:
            values = self.installed(domain)
            right, answers = values["token"], []

            def guess(number):
                answers.append(self.register(domain, values, token=(right + 1 + number) % 10 ** 8))
            threads = [threading.Thread(target=guess, args=(number,)) for number in range(3 * TRIES)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(sorted(answers), ["REQUEST"] * 2 * TRIES + ["SIGNATURE"] * TRIES)
            self.assertEqual(self.register(domain, values), "REQUEST")
            other = self.installed(domain)  # it is that PSD's own
            self.assertIsNone(self.register(domain, other))
            self.house.kms_of(domain, "tokens clear", f"{values['serial']:08X}")
            self.assertEqual(self.register(domain, values, token=(right + 1) % 10 ** 8), "SIGNATURE")
            self.assertIsNone(self.register(domain, values))

    def test_guessing_goes_on_after_a_restart(self):
        values = self.installed(VENDOR)

        def wrong(times):
            return [self.register(VENDOR, values, token=(values["token"] + 1 + DRAW.randrange(10 ** 7)) % 10 ** 8)
                    for _ in range(times)]
        self.assertEqual(wrong(6), ["SIGNATURE"] * 6)
        self.restart()
        self.assertEqual(wrong(6), ["SIGNATURE"] * 4 + ["REQUEST"] * 2)
        # Neither another installation nor another order of derivation gives new tries.
        self.refused(VENDOR, "manufacturing", "KMS_TOKEN_KEY", self.token_key(serial=values["serial"], order=1))
        self.assertEqual(wrong(2), ["REQUEST"] * 2)
        self.assertEqual(self.register(VENDOR, values), "REQUEST")

    def restart(self):
        """The one that registers for the vendor is killed, and started again."""
        for running in self.house.running:
            if running.log.endswith("kms-1-registration.log"):
                running.kill()
        self.house.start_domain(VENDOR, "registration")

    def test_another_token(self):
        """With any field changed it is no proof, or another PSD's."""
        for domain, order in ((VENDOR, 1), (POSTAL, 0)):
            values = self.installed(domain, order)
            for more in ({"zip": ZIP ^ 1}, {"licence": LICENCE + 1}, {"token": values["token"] + 10 ** 8},
                         {"token": 0xFFFFFFFF}):
                self.assertIn(self.register(domain, values, **more), ("SIGNATURE", "REQUEST"), more)
            for more in ({"set": 0}, {"set": values["set"] + 1}, {"serial": 0}, {"vendor": b"QS"}, {"model": b"D2"},
                         {"vendor": b"\0\0"}):
                self.assertEqual(self.register(domain, values, **more), "REQUEST", more)
            self.assertIsNone(self.register(domain, values))

    def test_rates(self):
        """Signed is what makes sense and nothing else, with prices within the policy and each version once."""
        good = Rates(1, 20260101, 20270101, [(FIRST, 0, 28, 730), (PRIORITY, 1, 454, 9350)], 627, [(0, 99, 1)])
        point, versions, signed = self.house.point(VENDOR, "rate"), {}, 0
        for number in range(400):
            data = bytearray(good.bytes(version=number + 1))
            for _ in range(DRAW.choice((0, 1, 1, 2, 3))):
                at = DRAW.choice((DRAW.randrange(25), DRAW.randrange(len(data))))
                if not 7 <= at < 11:
                    data[at] = DRAW.choice((data[at] ^ 1 << DRAW.randrange(8), 0, 255))
            answer, content = self.house.ask_domain(VENDOR, "meter", "KMS_RATES", bytes(data))
            head = makes_sense(bytes(data))
            if answer == "KMS_RATES_SIGNED":
                self.assertTrue(head and head["version"] > versions.get(head["country"], 0), bytes(data).hex())
                self.assertTrue(ecdsa_verify(point, content, b"psd rate table", bytes(data)))
                versions[head["country"]] = head["version"]
                signed += 1
            else:
                self.assertEqual(unpack("error_signal", content)["signal"], SIGNALS["LIMIT" if head else "MESSAGE"])
        self.assertGreater(signed, 50)
        last = versions[b"US"]
        for version in (1, last - 1, last):
            self.assertEqual(self.refused(VENDOR, "meter", "KMS_RATES", good.bytes(version=version, expiry=20280101)),
                             "REQUEST")
        dear = Rates(last + 1, 20260101, 20270101, [(FIRST, 0, 28, 730)], services={"agent": 10000001})
        self.assertEqual(self.refused(VENDOR, "meter", "KMS_RATES", dear.bytes()), "LIMIT")
        self.assertIsNone(self.refused(VENDOR, "meter", "KMS_RATES", good.bytes(version=last + 1)))

    def test_bytes_drawn_by_lot(self):
        """Frames that are none, on every socket; an honest request is answered afterwards."""
        for domain, roles in ROLES.items():
            for role in roles:
                for _ in range(25):
                    stream = Frames(call(self.house.path(self.house.socket_of(domain, role))))
                    try:
                        stream.stream.sendall(DRAW.choice((b"", b"\xff\xff\x38", b"\x00\x00\x3c", b"\x00\x03\x3a"))
                                              + os.urandom(DRAW.randrange(1, 5000)))
                        stream.stream.shutdown(1)
                        while True:
                            stream.receive()
                    except (Ended, ConnectionError, KeyError):
                        pass
                    finally:
                        stream.close()
            self.assertIsNone(self.register(domain, self.installed(domain)))


if __name__ == "__main__":
    unittest.main()
