#!/usr/bin/python3
"""Pictures for psd-verify that are none: cut off, huge, bombs, with garbage in each chunk, with a thousand symbols; folders
with links and pipes among them. It tells one thing of each, and never takes long or much memory over one."""

import csv
import os
import random
import struct
import unittest
import zlib

from psd_programs import program
from psd_site import Site, date_of, line_of
from psd_printer import PIN, PUK
from psd_world import Provider, Workshop

DRAW = random.Random(os.environ.get("PSD_SEED", "4711"))
HEAD = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, data, depth=8, colour=0, interlaced=0):
    return (HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
            + chunk(b"IDAT", data) + chunk(b"IEND"))


def white(width, height):
    """All white: of any size some bytes for each thousand."""
    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * width
    return b"".join(packer.compress(row) for _ in range(height)) + packer.flush()


def chunks_of(data):
    at, found = len(HEAD), []
    while at < len(data):
        length = int.from_bytes(data[at:at + 4], "big")
        found.append((data[at + 4:at + 8], data[at + 8:at + 8 + length]))
        at += 12 + length
    return found


def pixels(data):
    """Width, height and rows of grey of a PNG as psd writes it (8 bits a sample, no interlacing)."""
    parts = chunks_of(data)
    width, height, depth, colour = struct.unpack(">IIBB", parts[0][1][:10])
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    raw = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
    size, step = width * samples * depth // 8, max(1, samples * depth // 8)
    rows, before = [], bytes(size)
    for y in range(height):
        line = bytearray(raw[y * (size + 1) + 1:(y + 1) * (size + 1)])
        unfilter(raw[y * (size + 1)], line, before, step)
        rows.append(bytes(line[::samples]) if depth == 8 else bytes(
            255 * (line[x // 8] >> 7 - x % 8 & 1) for x in range(width)))
        before = bytes(line)
    return width, height, rows


def unfilter(kind, line, before, step):
    for x in range(len(line)):
        left, up, corner = (line[x - step], before[x], before[x - step]) if x >= step else (0, before[x], 0)
        guess = {0: 0, 1: left, 2: up, 3: (left + up) // 2, 4: paeth(left, up, corner)}[kind]
        line[x] = (line[x] + guess) & 255


def paeth(left, up, corner):
    return min((left, up, corner), key=lambda value: abs(left + up - corner - value))


class Pictures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A stamp of a real card."""
        cls.shop = Workshop()
        cls.path = cls.shop.bench.path
        at = Provider(cls.shop.kms, cls.shop.make("card", "--key-pair", pin=PIN, puk=PUK)).authorize()
        at.load(50000)
        at.close()
        pin = cls.shop.bench.write("pin", PIN + "\n")
        cls.shop.bench.run(program("PSD_CLI"), "--card", cls.shop.cards["card"], "indicium", "--test", "-o",
                           cls.path("stamp.png"), "--pin-file", pin, "--dpi", "150")
        with open(cls.path("stamp.png"), "rb") as file:
            cls.stamp = file.read()
        cls.site = Site(cls.path("site"))

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    def look(self, *paths):
        """What is found in these: rows of --csv, one at least for each file."""
        done = self.site.run("batch", "--no-remember", "--csv", "-", *paths)
        self.assertIn(done.returncode, (0, 1), done.stderr[-2000:])
        self.assertLess(len(done.stderr), 4000)
        self.assertNotIn(b"anitizer", done.stderr)
        return list(csv.reader(done.stdout.decode(errors="replace").splitlines()))[1:]

    def folder(self, name, files):
        path = self.path(name)
        os.mkdir(path)
        for number, data in enumerate(files):
            with open(os.path.join(path, f"{number:04}.png"), "wb") as out:
                out.write(data)
        return path

    def none_accepted(self, name, files):
        files = list(files)
        found = self.look(self.folder(name, files))
        self.assertGreaterEqual(len(found), len(files))
        self.assertEqual({row[1] for row in found}, {"refused"})
        return found

    def test_stamp(self):
        found = self.look(self.path("stamp.png"))
        self.assertEqual(len(found), 1)
        self.assertNotEqual(found[0][2], "symbol")

    def test_cut_off(self):
        lengths = sorted(DRAW.sample(range(len(self.stamp)), 60)) + list(range(0, 60, 3))
        self.none_accepted("cut", (self.stamp[:length] for length in lengths))

    def test_bytes(self):
        def changed():
            for at in list(range(8, 48)) + DRAW.sample(range(len(self.stamp)), 80):
                yield self.stamp[:at] + bytes([self.stamp[at] ^ 1 << DRAW.randrange(8)]) + self.stamp[at + 1:]
        self.none_accepted("bytes", changed())

    def test_chunks(self):
        """Each kind of chunk that libpng knows, with garbage, right checksums; before the data and behind it."""
        parts, names = chunks_of(self.stamp), b"PLTE tRNS gAMA cHRM sRGB iCCP tEXt zTXt iTXt bKGD pHYs sBIT sPLT hIST tIME " \
            b"eXIf acTL fcTL fdAT IHDR IEND IDAT".split()

        def files():
            for name in names:
                for data in (b"", b"\0" * 9, os.urandom(300), b"x\0\0" + zlib.compress(b"\0" * 4000000)):
                    body = [chunk(*part) for part in parts]
                    body.insert(DRAW.choice((1, len(body) - 1)), chunk(name, data))
                    yield HEAD + b"".join(body)
        self.none_accepted("chunks", files())

    def test_sizes(self):
        """Sizes that are too large, or of which there are no pixels; none is waited for."""
        small = white(9, 9)
        files = [png(width, height, small, depth, colour, interlaced) for width, height in
                 ((0, 0), (0, 9), (9, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0x7FFFFFFF, 1), (1, 0x7FFFFFFF), (65536, 1), (65535, 65535),
                  (10001, 10000), (60000, 1600), (65535, 1), (9, 10)) for depth, colour, interlaced in
                 ((8, 0, 0), (16, 6, 1), (1, 3, 0), (5, 9, 7))]
        files += [f"P{kind}\n{width} {height}\n{most}\n".encode() + bytes(100) for kind in (5, 6) for width, height, most in
                  ((0, 0, 255), (99999999999, 1, 255), (65535, 65535, 255), (10001, 10000, 255), (9, 9, 0), (9, 9, 65536),
                   (-1, 9, 255), (1000, 1000, 65535))]
        files += [b"P5", b"P5 ", b"P5\n#" + b"x" * 100000, b"P6\n" + b"9" * 100000, b"P5 9 9", HEAD, b"\x89PNG"]
        self.none_accepted("sizes", files)

    def test_bomb(self):
        """Twenty million pixels in some thousand bytes: white, and nothing is in it."""
        bomb = png(5000, 4000, white(5000, 4000))
        self.assertLess(len(bomb), 100000)
        found = self.none_accepted("bomb", [bomb])
        self.assertEqual(found[0][2], "symbol")

    def test_noise(self):
        def noise(width, height, dark):
            rows = b"".join(b"\0" + bytes(0 if DRAW.random() < dark else 255 for _ in range(width)) for _ in range(height))
            return png(width, height, zlib.compress(rows))
        self.none_accepted("noise", (noise(300, 300, dark) for dark in (0.01, 0.1, 0.5, 0.9)))

    def test_many_symbols(self):
        """A page full of one stamp: it is told, and the page comes to an end."""
        width, height, rows = pixels(self.stamp)
        across, down = 2400 // width + 1, 2400 // height + 1
        tiled = b"".join((b"\0" + row * across) for _ in range(down) for row in rows)
        found = self.look(self.folder("many", [png(width * across, height * down, zlib.compress(tiled))]))
        self.assertGreaterEqual(len(found), 1)
        self.assertEqual({row[1] for row in found}, {"refused"})

    def test_folder_of_all_kinds(self):
        """Links to nowhere, to themselves, to the folder above; pipes, devices, names that are no text."""
        path = self.folder("all", [self.stamp])
        os.symlink("nowhere", os.path.join(path, "a.png"))
        os.symlink("b.png", os.path.join(path, "b.png"))
        os.symlink("..", os.path.join(path, "c.png"))
        os.symlink("/dev/zero", os.path.join(path, "d.png"))
        os.symlink("/dev/null", os.path.join(path, "e.png"))
        os.mkfifo(os.path.join(path, "f.png"))
        os.mkdir(os.path.join(path, "g.png"))
        for name in (b'h"\n,.png', b"i\xff\xfe.png", b"j\x1b[2J.png", b"-k.png", b"l" * 240 + b".png"):
            with open(os.path.join(path.encode(), name), "wb") as out:
                out.write(self.stamp)
        with open(os.path.join(path, "m.png"), "wb") as out:
            out.truncate(1 << 40)
        done = self.site.run("batch", "--no-remember", path)
        self.assertIn(done.returncode, (0, 1))
        self.assertNotIn(b"anitizer", done.stderr)
        self.assertNotIn(b"\x1b", done.stdout + done.stderr)

    def test_same_by_hand(self):
        """A line of a list with what the stamp says is judged like the stamp."""
        found = self.look(self.path("stamp.png"))
        self.site.put("list", (line_of(bytes.fromhex(found[0][-9])) + "\n").encode())
        again = self.look(self.site.path("list"))
        self.assertEqual((found[0][1:3], str(date_of())[:4]), (again[0][1:3], str(date_of())[:4]))


if __name__ == "__main__":
    unittest.main()
