"""Tools that nobody here wrote, and what they say: openssl and GnuTLS's certtool."""

import concurrent.futures
import os
import subprocess

from psd_programs import PATIENCE


class Tools:
    """`bench` has the folder for the files they are given."""

    def __init__(self, bench):
        self.bench = bench

    def put(self, name, data):
        """A file: its path."""
        with open(self.bench.path(name), "wb") as out:
            out.write(data)
        return self.bench.path(name)

    @staticmethod
    def run(*arguments, given=b""):
        return subprocess.run(arguments, input=given, capture_output=True, timeout=PATIENCE, check=False)

    def openssl(self, *arguments, given=b""):
        return self.run("openssl", *arguments, given=given)

    def takes(self, *arguments, given=b""):
        """openssl accepts it: what it writes, and what it says."""
        done = self.openssl(*arguments, given=given)
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace")
            raise AssertionError(f"openssl {arguments}: {done.returncode}\n{said}")
        return done.stdout, done.stderr.decode()

    def refuses(self, *arguments, given=b"", why=""):
        """openssl refuses it, with these words."""
        done = self.openssl(*arguments, given=given)
        said = (done.stdout + done.stderr).decode(errors="replace")
        if not done.returncode or why not in said:
            raise AssertionError(f"openssl {arguments} is to say {why}: {done.returncode}\n{said}")

    def certtool(self, *arguments, given=b"", expect=0):
        """GnuTLS: what it says."""
        done = self.run("certtool", *arguments, given=given)
        said = (done.stdout + done.stderr).decode(errors="replace")
        if (done.returncode != 0) != (expect != 0):
            raise AssertionError(f"certtool {arguments}: {done.returncode}\n{said}")
        return said

    def plain(self, der):
        """asn1parse has nothing to say against it, and finds one object that has every byte."""
        said, warned = self.takes("asn1parse", "-inform", "DER", given=der)
        whole = said.decode().splitlines()[0]
        lengths = whole.split("hl=")[1].replace("l=", " ").split()
        if warned or int(lengths[0]) + int(lengths[1]) != len(der) or b"Error" in said or b":BAD " in said:
            raise AssertionError(f"asn1parse: {warned}{said.decode()}")


def altered(data, step, flip=0x01):
    """Copies with one bit of another byte changed, and where."""
    for at in range(0, len(data), step):
        yield at, data[:at] + bytes([data[at] ^ flip]) + data[at + 1:]


def accepted(data, step, check):
    """Where a changed byte is accepted: `check` says that of a copy. Two at a time, for openssl is a program each."""
    copies = list(altered(data, step))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [at for (at, _), taken in zip(copies, pool.map(lambda copy: check(copy[1]), copies)) if taken]


def elements(data, start=0, end=None):
    """DER, all the way down: tag, first byte, first of the content, end."""
    end = len(data) if end is None else end
    while start < end:
        tag, length, content = data[start], data[start + 1], start + 2
        if length >= 0x80:
            content += length & 0x7F
            length = int.from_bytes(data[start + 2:content], "big")
        yield tag, start, content, content + length
        if tag & 0x20:
            yield from elements(data, content, content + length)
        start = content + length


def children(data, start=0):
    """The elements right below the one that begins there."""
    tag, _, content, end = next(elements(data, start, len(data)))
    found, at = [], content
    while at < end and tag & 0x20:
        found.append(next(elements(data, at, end)))
        at = found[-1][3]
    return found


def unsigned(signed):
    """Where a SignedData has what nothing rests on: its versions; the signature's algorithm, which openssl takes from the key;
    the type of the content, which it does not hold against the signed attribute."""
    content = children(signed, children(signed)[1][2])
    signer = children(signed, children(signed, content[-1][1])[0][1])
    kind = children(signed, content[2][1])[0]
    found = {content[0][2], signer[0][2]}
    for _, first, _, end in (signer[2], signer[-2], kind):
        found.update(range(first, end))
    return found


def unsealed(envelope):
    """The same of an EnvelopedData: versions, the unused bits of a point, the type of the content."""
    content = children(envelope, children(envelope)[1][2])
    receiver = children(envelope, content[1][1])[0]
    kind = children(envelope, content[2][1])[0]
    unused = {first for tag, _, first, _ in elements(envelope) if tag == 3}
    return {content[0][2], children(envelope, receiver[1])[0][2], *unused, *range(kind[1], kind[3])}
