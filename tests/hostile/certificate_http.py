#!/usr/bin/python3
"""Hostile HTTP, at what the meter server publishes and at psd tsa: garbage, what is too long, who is slow, a crowd. Neither ends,
nobody else waits, and nothing of it is charged."""

import socket
import threading
import urllib.request

from certificates import CertificateTest, USER_NAME, program, unittest
from certificate_at_server import bombs

CROWD, PATIENT, SOON = 150, 15, 0.3  # connections; seconds
QUERY = bytes.fromhex("3039020101303130 0d06096086480165030402010500 0420".replace(" ", "")) + bytes(range(32)) + b"\x01\x01\xff"


class Http(CertificateTest):
    @classmethod
    def setUpClass(cls):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        cls.options = ("--http", str(port), "--public-url", f"http://127.0.0.1:{port}")
        super().setUpClass()
        house = cls.house
        cls.published = ("127.0.0.1", port)
        cls.card = house.meter("card")
        house.good(cls.card, "cert", "request", "--subject", USER_NAME, "--purpose", "postmark", address=house.address)
        cls.tsa = house.start("tsa", [program("PSD_CLI"), "--card", cls.card, "tsa", "--listen", "127.0.0.1:0",
                                      "--pin-file", house.pin], "listens at")
        at = cls.tsa.said().split("listens at ")[1].split(",")[0]
        cls.stamps = (at.rsplit(":", 1)[0], int(at.rsplit(":", 1)[1]))

    def say(self, where, data, most=65536):
        """What is answered to these bytes; nothing where the connection ends, or where more is waited for."""
        answer = b""
        with socket.create_connection(where, PATIENT) as stream:
            try:
                stream.sendall(data)
                stream.shutdown(socket.SHUT_WR)
                stream.settimeout(SOON)
                while len(answer) < most:
                    part = stream.recv(4096)
                    if not part:
                        break
                    answer += part
            except OSError:
                pass
        return answer

    def stamp(self, query=QUERY):
        asked = urllib.request.Request("http://%s:%d/" % self.stamps, query, {"Content-Type": "application/timestamp-query"})
        with urllib.request.urlopen(asked, timeout=PATIENT) as answer:
            return answer.read()

    def good(self):
        """Both still serve: a stamp is granted, and the page is there."""
        self.assertEqual(self.stamp()[4:9], bytes.fromhex("3003020100"))
        with urllib.request.urlopen("http://%s:%d/" % self.published, timeout=PATIENT) as answer:
            self.assertEqual(answer.status, 200)

    def post(self, path, kind, body, length=None):
        return (b"POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
                % (path, kind, len(body) if length is None else length)) + body

    def test_garbage(self):
        garbage = [b"", b"\0" * 5000, b"\xff" * 70000, b"GET", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                   b"GET /" + b"a" * 60000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
                   b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                   b"GET /ocsp/%%%00%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                   b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n",
                   b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + bytes(5000),
                   b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"]
        for path, kind in ((b"/", b"application/timestamp-query"), (b"/ocsp", b"application/ocsp-request")):
            garbage += [self.post(path, kind, body) for body in (b"", *bombs(), bytes(100000))]
            garbage += [self.post(path, kind, b"x", length) for length in (0, 2, 1 << 40)]
        for where in (self.published, self.stamps):
            for data in garbage:
                with self.subTest(where=where, data=data[:60]):
                    answer = self.say(where, data)
                    self.assertFalse(b"root:" in answer)
                    self.assertTrue(answer[:5] in (b"HTTP/", b""), answer[:40])
        before = self.tsa.said().count(" granted ")
        self.good()
        self.tsa.wait_for(" granted ", before + 1)
        self.assertEqual(self.tsa.said().count(" granted "), before + 1)

    def test_crowd_and_slow(self):
        """Connections that say nothing, or a byte now and then, keep nobody else from being served."""
        for where in (self.published, self.stamps):
            crowd = []
            try:
                for number in range(CROWD):
                    stream = socket.create_connection(where, PATIENT)
                    stream.sendall(b"POST / HTTP/1.1\r\nContent-Le"[:number % 28])
                    crowd.append(stream)
                self.good()
            finally:
                for stream in crowd:
                    stream.close()
        asked = [threading.Thread(target=self.stamp) for _ in range(20)]
        for one in asked:
            one.start()
        for one in asked:
            one.join()
        self.good()


if __name__ == "__main__":
    unittest.main()
