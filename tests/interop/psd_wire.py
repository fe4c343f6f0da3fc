"""Frames of the meter server and of the key management system, and the card behind a socket (docs/emulator.md)."""

import socket

from psd_layout import FRAMES, pack, size_of, unpack

NAMES = {value: name for name, value in FRAMES.items()}
TIMEOUT = 20


class Ended(Exception):
    """The peer has hung up."""


class Signal(Exception):
    """The peer sent an error signal; `signal`, `step` and `wait` are its fields."""

    def __init__(self, body):
        said = unpack("error_signal", body)
        self.signal, self.step, self.wait = said["signal"], said["step"], said["wait"]
        super().__init__(f"signal {self.signal} at step {self.step}")


def read_exactly(stream, length):
    data = b""
    while len(data) < length:
        part = stream.recv(length - len(data))
        if not part:
            raise Ended("in the middle of a message" if data else "")
        data += part
    return data


def call(address):
    """A connection to HOST:PORT or the path of a Unix socket."""
    if "/" in address:
        stream = socket.socket(socket.AF_UNIX)
        try:
            stream.connect(address)  # without a time limit: one that has it does not wait for its turn
        except OSError:
            stream.close()
            raise
        stream.settimeout(TIMEOUT)
        return stream
    host, port = address.rsplit(":", 1)
    stream = socket.create_connection((host, int(port)), TIMEOUT)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


class Frames:
    """A connection that carries frames."""

    def __init__(self, stream):
        self.stream = stream

    def send(self, name, body=b""):
        self.stream.sendall(pack("frame", {"length": len(body), "type": FRAMES[name]}) + body)

    def receive(self):
        head = unpack("frame", read_exactly(self.stream, size_of("frame")))
        return NAMES[head["type"]], read_exactly(self.stream, head["length"])

    def expect(self, name):
        """The body of the next frame, which has to be of this type."""
        got, body = self.receive()
        if got == "ERROR_SIGNAL" and name != "ERROR_SIGNAL":
            raise Signal(body)
        if got != name:
            raise ValueError(f"a frame {got} instead of {name}")
        return body

    def close(self):
        self.stream.close()


class CardRefused(Exception):
    """The card's status word, in `status`."""

    def __init__(self, status):
        self.status = status
        super().__init__(f"{status:04X}")


def tlv(tag, value):
    """BER-TLV with a one-byte tag and a definite length."""
    length = len(value)
    if length < 0x80:
        return bytes([tag, length]) + value
    if length < 0x100:
        return bytes([tag, 0x81, length]) + value
    return bytes([tag, 0x82]) + length.to_bytes(2, "big") + value


def value_of(tag, data):
    """The value of the one data object that `data` is."""
    length, start = data[1], 2
    if length > 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    if data[0] != tag or len(data) != start + length:
        raise ValueError(f"no data object {tag:02X}")
    return data[start:]


class CardSocket:
    """A psd-card that listens: one reader's end."""

    def __init__(self, path):
        self.stream = call(path)
        self._message(b"\x01")  # power on
        self.command(0xA4, 0x04, 0x00, bytes.fromhex("F050534401"))

    def _message(self, data):
        self.stream.sendall(len(data).to_bytes(2, "big") + data)

    def transmit(self, apdu):
        self._message(apdu)
        return read_exactly(self.stream, int.from_bytes(read_exactly(self.stream, 2), "big"))

    def command(self, ins, p1, p2, data=b"", cla=0x00):
        """An extended command; the answer's data. Raises CardRefused for any status but 9000."""
        apdu = bytes([cla, ins, p1, p2, 0])
        apdu += (len(data).to_bytes(2, "big") + data if data else b"") + b"\0\0"
        answer = self.transmit(apdu)
        status = int.from_bytes(answer[-2:], "big")
        if status != 0x9000:
            raise CardRefused(status)
        return answer[:-2]

    def reset(self):
        self._message(b"\x02")
        self.command(0xA4, 0x04, 0x00, bytes.fromhex("F050534401"))

    # The commands of the handshake.

    def sign_on(self, suite, context, name, verifier):
        user = tlv(0xA0, tlv(0x80, name.encode().ljust(32, b"\0")) + tlv(0x81, verifier))
        answer = self.command(0x86, suite, 0x01, tlv(0x7C, tlv(0x81, context) + user))
        return value_of(0x82, value_of(0x7C, answer))

    def open_response(self, m2):
        return unpack("host_session", self.command(0x82, 0x00, 0x01, m2))

    def answer_audit(self, session, nonce):
        request = pack("audit_request", {"session": session, "nonce": nonce})
        answer = self.command(0x86, 0x00, 0x02, tlv(0x7C, tlv(0x81, request)))
        return value_of(0x82, value_of(0x7C, answer))

    def open_result(self, m4):
        return unpack("audit_result", self.command(0x82, 0x00, 0x02, m4))

    def envelope(self, record):
        return self.command(0xC2, 0x00, 0x00, record)

    def close(self):
        self.stream.close()
