#!/usr/bin/python3
"""Who gives a verification site what he likes: files of its folder with bytes changed, cut off, of another kind; lists with
garbage. psd-verify says one line or accepts what is good, and nothing that is not."""

import os
import random
import re
import unittest

from cryptography.hazmat.primitives.serialization import Encoding

from hostile import flip
from psd_crypto import ecdsa_sign
from psd_dsa import DSA_NUMBERS
from psd_evidence import COMPACT, CORRECTION, DSA, FIRST, P256, TEST, Rates
from psd_programs import Bench
from psd_site import Authority, Site, date_of, line_of

TABLE = Rates(3, date_of(-30), date_of(30), [(FIRST, 0, 28, 730), (FIRST, 0, 57, 1010)])
DRAW = random.Random(os.environ.get("PSD_SEED", "4711"))
CHANGES = 5  # places in a file where a byte is changed
ORDER = 0x996F967F6C8E388D9E28D01E205FBA957A5698B1  # q of the DSA key's parameters
CURVE = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # n of P-256


class AtSite(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.addCleanup(self.bench.close)
        self.site = Site(self.bench.path("site"))
        self.site.rates(TABLE)
        self.site.rates(Rates(4, date_of(40), date_of(60), [(FIRST, 0, 28, 800)]))
        self.site.day()
        self.psd, self.revoked = self.site.psd(), self.site.psd(0x2B, 8)
        self.site.put("meters.csv", b"PS,D1,0000002A,100.00,1000\nPS,D1,0000002B,100.00,1000\n")
        other = Authority(title="Other")
        lists = [self.site.authority.revoke(8, 9), other.revoke(7)]
        self.site.put("ca/other.pem", other.certificate().public_bytes(Encoding.PEM))
        self.site.put("crl/all.pem", b"".join(of.public_bytes(Encoding.PEM) for of in reversed(lists)))
        self.good = [line_of(self.letter(profile), "", *self.psd.tokens_of(5, 730)) for profile in (P256, DSA, COMPACT)]
        self.bad = self.wrong()

    def letter(self, profile, psd=None, **more):
        return (psd or self.psd).make(profile, 5, 730, TABLE, 0, **more)

    def wrong(self):
        stranger = Site(self.bench.path("stranger")).psd()
        made = [flip(self.letter(profile), 8 * at) for profile in (P256, DSA, COMPACT) for at in (8, 13, 17)]
        made += [self.letter(profile, self.revoked) for profile in (P256, DSA)]
        made += [self.letter(profile, stranger) for profile in (P256, DSA, COMPACT)]
        made += [self.psd.make(profile, 5, 0, kind=TEST) for profile in (P256, DSA, COMPACT)]
        made += [self.psd.make(P256, 5, 731, TABLE, 0), self.psd.make(DSA, 5, 0, kind=CORRECTION),
                 self.letter(P256, date=date_of(-100)), self.letter(P256, certificate=8)]
        return [line_of(indicium) for indicium in made] + [line_of(self.letter(P256), "", "00000", "00000")]

    def one_line(self, done):
        """It ended in order, and said why in a line."""
        self.assertIn(done.returncode, (0, 1), done.stderr)
        said = done.stderr.decode(errors="replace").splitlines()
        self.assertEqual([line for line in said if not line.startswith("psd-verify: ")], [], said)
        self.assertLessEqual(len(said), 3)
        return said

    def look(self, *options):
        """Whether the folder was refused; nothing that is wrong is accepted."""
        self.site.put("list", "".join(line + "\n" for line in self.good + self.bad).encode())
        done = self.site.run("batch", "--no-remember", "--csv", "-", self.site.path("list"), *options)
        said = self.one_line(done)
        found = [line.split(",")[1] for line in done.stdout.decode(errors="replace").splitlines()[1:]]
        if not found:
            self.assertEqual((done.returncode, len(said)), (1, 1))
            return True
        self.assertEqual(set(found[len(self.good):]), {"refused"}, found)
        return False

    def files(self):
        for folder, _, names in os.walk(self.site.folder):
            yield from (os.path.relpath(os.path.join(folder, name), self.site.folder) for name in names)

    def test_folder(self):
        self.assertFalse(self.look())
        self.assertEqual({said["result"] for said in self.site.judge(self.good)}, {"accepted"})

    def each(self, change):
        """Each file of the folder, changed, and as it was again. How often the folder was refused."""
        refused = tried = 0
        for name in sorted(self.files()):
            with open(self.site.path(name), "rb") as file:
                whole = file.read()
            for changed in change(whole):
                self.site.put(name, changed)
                refused += self.look()
                tried += 1
            self.site.put(name, whole)
        self.assertFalse(self.look())
        return refused, tried

    def test_bytes(self):
        def change(whole):
            marks = [found.start() + DRAW.randrange(24) for found in re.finditer(rb"-----(BEGIN|END)", whole)]
            for at in marks + [DRAW.randrange(len(whole)) for _ in range(CHANGES)]:
                yield whole[:at] + bytes([whole[at] ^ 1 << DRAW.randrange(8)]) + whole[at + 1:]
        refused, tried = self.each(change)
        self.assertGreater(refused, tried // 2)

    def test_lengths(self):
        def change(whole):
            yield b""
            for length in sorted(DRAW.sample(range(len(whole)), 3)):
                yield whole[:length]
            yield whole + b"\0"
            yield whole + whole
            yield bytes(DRAW.randrange(256) for _ in range(500))
        self.each(change)

    def test_other_kinds_of_files(self):
        """A pipe, a device, a folder, a link that leads nowhere or to itself, in the place of each file: no waiting."""
        def make(path, kind):
            if kind == "pipe":
                os.mkfifo(path)
            elif kind == "folder":
                os.mkdir(path)
            else:
                os.symlink({"zero": "/dev/zero", "nowhere": "nowhere", "itself": os.path.basename(path)}[kind], path)
        for name in sorted(self.files()):
            path = self.site.path(name)
            for kind in ("pipe", "folder", "zero", "nowhere", "itself"):
                os.rename(path, path + "-")
                make(path, kind)
                self.assertTrue(self.look(), (name, kind))
                if kind == "folder":
                    os.rmdir(path)
                else:
                    os.unlink(path)
                os.rename(path + "-", path)
        self.assertFalse(self.look())

    def test_secret_tables(self):
        """A table of a day that others may read is refused."""
        for name in os.listdir(self.site.path("days")):
            for mode in (0o640, 0o604, 0o660):
                os.chmod(self.site.path("days/" + name), mode)
                self.assertTrue(self.look())
            os.chmod(self.site.path("days/" + name), 0o600)
        self.assertFalse(self.look())

    def test_signatures_that_are_none(self):
        """Zeroes, the order, more than it, all ones, and halves that are put the other way round."""
        lines = []
        for profile, order, size in ((P256, CURVE, 32), (DSA, ORDER, 20)):
            good = self.letter(profile)
            text, r, s = good[:49], good[49:49 + size], good[49 + size:]
            numbers = [0, 1, order - 1, order, order + 1, (1 << 8 * size) - 1]
            pairs = [(a.to_bytes(size, "big"), b.to_bytes(size, "big")) for a in numbers for b in numbers]
            pairs += [(s, r), (r, r), (s, s)] + [(r, number.to_bytes(size, "big")) for number in numbers]
            pairs += [(number.to_bytes(size, "big"), s) for number in numbers]
            lines += [line_of(text + one + other) for one, other in pairs]
        self.assertEqual({said["reason"] for said in self.site.judge(lines)}, {"signature"})

    def test_keys_that_are_none(self):
        """DSA keys of a small group, signed by the PSD itself, which would fit what it has not signed."""
        p = DSA_NUMBERS.p
        for y in (0, 1, 2, p - 1, p, p + 1, (1 << 1024) - 1):
            value = y.to_bytes(128, "big")
            self.site.put("dsa/wrong.dsa", self.psd.device + value
                          + ecdsa_sign(self.psd.pair, b"psd dsa key", self.psd.device, value))
            os.rename(self.site.path(f"dsa/{self.psd.device.hex()}.dsa"), self.site.path("dsa/kept"))
            self.assertTrue(self.look(), y)
            os.rename(self.site.path("dsa/kept"), self.site.path(f"dsa/{self.psd.device.hex()}.dsa"))
        os.unlink(self.site.path("dsa/wrong.dsa"))
        self.assertFalse(self.look())

    def test_lists(self):
        """Lines that are none are refused, one by one, and the others are judged as ever. What begins as no list is none."""
        good, good_line = self.letter(P256).hex(), self.good[0].encode() + b"\n"
        wrong = [b"\0", b"\xff" * 40, b"zz", b"53", good.encode()[:-1], good.encode() + b"00", b'"' + good.encode(),
                 good.encode() + b',"', good.encode() + b",a,b", good.encode() + b",,123456789", good.encode() + b",,1",
                 good.encode() + b",,1,2,3,4,5", b",,,,", b"A" * 5000, b"53" * 100000, good.encode() + b"\0" + b"1",
                 b'""""""""', b'"\n"', b"-" * 90, b"%s%n%x" * 9, b"\x1b[31m", b"9" * 20]
        wrong += [bytes(DRAW.randrange(1, 256) for _ in range(DRAW.randrange(1, 300))).replace(b"\n", b"x").replace(
            b"\r", b"y") for _ in range(300)]
        for ending in (b"\n", b"\r\n"):
            lines = [good_line] * 40 + [part for line in wrong for part in (line + ending, good_line)]
            names = [said["result"] for said in self.site.judge(lines)]
            self.assertEqual(names.count("accepted"), len(wrong) + 40)
            self.assertEqual(set(names) - {"accepted", "refused"}, set())
        for data in (b"", b"\n" * 100000, good_line * 3 + b"x", good_line[:-1], os.urandom(100000),
                     b"\0" * 100000, b"," * 70000):
            self.site.put("odd", data)
            self.one_line(self.site.run("batch", "--no-remember", self.site.path("odd")))
            done = self.site.run("batch", "--no-remember", "-", given=data)
            self.one_line(done)

    def test_given_by_hand(self):
        """Addresses, tokens, and names of files, as long and as strange as they may be."""
        self.site.put("one", bytes.fromhex(self.letter(P256).hex()))
        one = self.site.path("one")
        for options in (("--addressee", "x" * 100000), ("--addressee", "\x01\x02\udc80")):
            self.one_line(self.site.run("indicium", "--no-remember", *options, one))
        for options in (("--addressee", "/dev/zero"), ("--addressee", self.site.folder),
                        ("--vendor-token", "123456789"), ("--postal-token", "-1"),
                        ("--vendor-token", "1e3"), ("--days", "99999999999999999999"), ("--days", "-1"),
                        ("--db", "sqlite:/dev/full"), ("--db", "x" * 9000)):
            done = self.site.run("indicium", *options, one)
            self.assertIn(done.returncode, (1, 2, 3), options)
            self.assertNotIn(b"accepted", done.stdout)
        for path in ("/", "/dev/null", "/dev/zero", self.site.path("nothing"), "x" * 5000, self.site.folder):
            done = self.site.run("indicium", "--no-remember", path)
            self.assertIn(done.returncode, (1, 2), path)
            self.assertLess(len(done.stdout) + len(done.stderr), 12000)


if __name__ == "__main__":
    unittest.main()
