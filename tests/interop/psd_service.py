"""The other side, played here for the real card and the real psd: a key management system that manufactures, the control
socket and the port of a meter server, each a thread."""

import os
import socket
import threading

import psd_crypto as crypto
from psd_evidence import VENDOR
from psd_handshake import Server, context_of, pack_with_zeroes
from psd_layout import SIGNAL_STEPS, SIGNALS, SUITES, pack, take, unpack
from psd_wire import Ended, Frames, Signal

REALM = b"interop".ljust(32)


class Listener(threading.Thread):
    """Serves one connection after the other with `self.serve(frames)`."""

    def __init__(self, family, address):
        super().__init__(daemon=True)
        self.socket = socket.socket(family)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(address)
        self.socket.listen()
        self.failures = []
        self.start()

    def run(self):
        while True:
            try:
                stream, _ = self.socket.accept()
            except OSError:
                return
            frames = Frames(stream)
            try:
                self.serve(frames)
            except (Ended, ConnectionError):
                pass
            except Exception as error:  # for the test to find
                self.failures.append(error)
            frames.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.join()


class Factory(Listener):
    """The key management system in its manufacturing role; of the other domain it is asked for token keys alone."""

    def __init__(self, path, kms, domain=VENDOR):
        self.kms, self.domain = kms, domain
        self.rsa_head = pack("rsa_key", {"identifier": kms.identifier, "exponent": 65537})
        super().__init__(socket.AF_UNIX, path)

    def serve(self, frames):
        while True:
            name, body = frames.receive()
            call, content = take("kms_call", body)
            answer = {"KMS_MANUFACTURE": ("KMS_MANUFACTURED", self.manufacture),
                      "KMS_ENDORSE": ("KMS_ENDORSED", self.endorse),
                      "KMS_TOKEN_KEY": ("KMS_TOKEN_KEY_MADE", self.token_key)}[name]
            frames.send(answer[0], pack("kms_call", call) + answer[1](content))

    def manufacture(self, content):
        wanted = unpack("kms_manufacture", content)
        serial, kms = wanted["serial"], self.kms
        kms.k4[serial] = os.urandom(32)
        point = crypto.point(kms.pair)
        keys = {"transport_version": 2, "scheme": wanted["scheme"], "key": kms.k4[serial], "vendor_key": kms.identifier,
                "vendor_point": point, "ca_key": 1, "ca_point": point, "rate_key": 1, "rate_point": point,
                **{name: os.urandom(32) for name in ("enc", "mac", "dek")}}
        if wanted["suites"] & SUITES["shared"]:
            kms.shared[serial] = os.urandom(32)
            keys.update(shared_key=kms.identifier, shared=kms.shared[serial])
        answer = pack_with_zeroes("kms_manufactured", keys)
        if wanted["suites"] & SUITES["rsa"]:
            modulus = kms.rsa.private_numbers().public_numbers.n
            answer += self.rsa_head + modulus.to_bytes(kms.rsa.key_size // 8, "big")
        return answer

    def endorse(self, content):
        wanted = unpack("kms_endorse", content)
        self.kms.points[wanted["serial"]] = wanted["point"]
        return wanted["wrapped_k4"]

    def token_key(self, content):
        return self.kms.tokens.hand_out(self.domain, unpack("kms_token_key", content))


class Control(Listener):
    """A meter server's control socket: whatever is enrolled is welcome."""

    def __init__(self, path):
        self.enrolled = []
        super().__init__(socket.AF_UNIX, path)

    def serve(self, frames):
        while True:
            self.enrolled.append(unpack("enrol", frames.expect("ENROL")))
            frames.send("ENROLLED")


class MeterServer(Listener):
    """Completes handshakes, and answers what the Host asks with "done"."""

    def __init__(self, kms, suites, memory=8192):
        self.kms, self.suites, self.memory = kms, suites, memory
        self.sessions = []
        self.forge = {}  # frame name: what happens to that message
        super().__init__(socket.AF_INET, ("127.0.0.1", 0))

    def address(self):
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def greeting(self):
        return pack("greeting", {"protocol": 1, "suites": self.suites, "key": self.kms.identifier,
                                 "nonce": os.urandom(16), "realm": REALM, "memory": self.memory, "passes": 1,
                                 "lanes": 1})

    def serve(self, frames):
        greeting = self.greeting()
        frames.send("GREETING", greeting)
        for ordinal in range(100):
            session = Server(self.kms, context_of(greeting, ordinal))
            try:
                self.handshake(frames, session)
                self.requests(frames, session)
            except crypto.NotAuthentic:
                signal = SIGNALS["SESSION_KEY"]
                frames.send("ERROR_SIGNAL", pack("error_signal", {"signal": signal, "step": SIGNAL_STEPS[signal],
                                                                  "wait": 0}))
            except Signal as end:
                session.ended = end

    def handshake(self, frames, session):
        session.take_sign_on(frames.expect("SIGN_ON"))
        session.steps = ["SIGN_ON"]
        self.sessions.append(session)
        self.send(frames, "SIGN_ON_RESPONSE", session.answer())
        m3 = frames.expect("AUDIT_RESPONSE")
        self.send(frames, "AUDIT_RESULT", session.take_audit(m3))
        session.steps.append("AUDIT_RESULT")

    def send(self, frames, name, body):
        frames.send(name, self.forge.get(name, lambda data: data)(body))

    def requests(self, frames, session):
        while True:
            name, body = frames.receive()
            if name == "SIGN_OFF":
                session.steps.append("SIGN_OFF")
                return
            if name == "ERROR_SIGNAL":
                raise Signal(body)
            asked = session.traffic.host_to_server.open("HOST_DATA", body)
            session.steps.append(("asked", asked[0]))
            answer = pack("host_answer", {"operation": asked[0], "signal": 0})
            frames.send("HOST_DATA", session.traffic.server_to_host.seal("HOST_DATA", answer))
