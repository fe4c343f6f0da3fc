#!/usr/bin/python3
"""VM figures 8 and 9 with a meter server, a key management system and a settling creditor that are killed between their steps:
each application ends in one line of credit, each payment is settled once, and the books agree."""

import subprocess

from certificates import PRICES, USER_NAME, KilledTest, json, program, unittest

# Before which frame of which line: 802 on its way, checked (804), made, kept (808), accepted (810).
SERVER = (("host", "asked", "HOST_DATA", 1), ("kms", "asked", "KMS_CREDIT", 1), ("kms", "answered", "KMS_CREDITED", 1),
          ("host", "answered", "HOST_DATA", 1), ("host", "asked", "HOST_DATA", 2))
KMS = SERVER[1:3]
LINE, PIECE = 50, 1  # dollars
STEP, MOST = 0.017, 10  # a settling creditor is killed so many seconds later each time; so often


class Killed(KilledTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card = cls.house.meter("card")
        for purpose in ("user", "postmark"):
            cls.house.good(cls.card, "cert", "request", "--subject", USER_NAME, "--purpose", purpose,
                           address=cls.house.address)

    def lines(self):
        return self.house.listed("credit", "list")

    def held(self):
        """The serial number of the card's line of credit; 0 for none."""
        said = json.loads(self.house.good(self.card, "credit", "show", "--json"))
        return said[0]["certificate"] if said else 0

    def once(self, victim, where):
        before, lines, held = self.spent(self.card), self.lines(), self.held()
        tap = self.blow(victim, *where)
        self.house.tool(self.card, "credit", "request", str(LINE), address=self.house.line.address)
        self.struck(tap)
        asked = 1

        def again():
            """What the creditor has is fetched; what never got there is asked for anew."""
            nonlocal asked
            if len(self.lines()) > len(lines):
                return self.house.tool(self.card, "credit", "accept", address=self.house.line.address)
            asked += 1
            return self.house.tool(self.card, "credit", "request", str(LINE), address=self.house.line.address)
        self.until(lambda: self.held() > held, again)
        made = [line for line in self.lines() if line["id"] not in [old["id"] for old in lines]]
        self.assertEqual([(line["state"], line["certificate"]) for line in made], [("issued", self.held())])
        mills, pieces = self.spent(self.card)
        self.assertEqual((mills, pieces), (before[0] + asked * (PRICES["signing"] + PRICES["postmark"]),
                                           before[1] + 2 * asked))
        self.balanced()

    def test_credit(self):
        for victim, places in (("server", SERVER), ("kms", KMS)):
            for where in places:
                with self.subTest(victim=victim, where=where):
                    self.once(victim, where)

    def settle(self, path):
        said = self.house.result(program("PSD_SERVER"), "credit", "settle", path, "--db", self.house.database, "--kms",
                                 self.house.path("meter"), "--json")
        self.assertEqual(said.returncode, 0, said.stderr)
        return json.loads(said.stdout)["settlement"]

    def test_settlement(self):
        """The creditor dies at whatever point of a settlement; it is told again, and moves money once."""
        self.until(lambda: self.held() > 0, self.card, "credit", "request", str(LINE))
        books, ended = self.balanced(), []
        for number in range(MOST):
            path = self.house.path(f"pay{number}")
            self.house.good(self.card, "pay", f"{PIECE}.00", "--to", "Shop", "-o", path)
            settling = subprocess.Popen([program("PSD_SERVER"), "credit", "settle", path, "--db", self.house.database,
                                         "--kms", self.house.path("meter")], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
            try:
                settling.wait(STEP * number)
            except subprocess.TimeoutExpired:
                pass
            settling.kill()
            settling.wait()
            ended.append(self.settle(path))
            self.assertEqual(self.settle(path), "settled-before")
            after = self.balanced()
            paid = PIECE * 1000 * (number + 1)
            self.assertEqual((after["payees"], after["debt"]), (books["payees"] + paid, books["debt"] - paid))
        self.assertIn("settled", ended)
        line = next(line for line in self.lines() if line["certificate"] == self.held())
        self.assertEqual(line["settled"], PIECE * 1000 * MOST)


if __name__ == "__main__":
    unittest.main()
