#!/usr/bin/python3
"""VM figure 5 with a meter server, and a key management system, that is killed between each of its steps: afterwards the request
comes to its end, with one certificate, which was paid for once."""

from certificates import PRICES, USER_NAME, KilledTest, unittest

# Before which frame of which line: 512 on its way, opened, vetted (514), made, kept (518), installed (520).
SERVER = (("host", "asked", "HOST_DATA", 1), ("kms", "answered", "KMS_REQUESTED", 1), ("kms", "asked", "KMS_ISSUE", 1),
          ("kms", "answered", "KMS_ISSUED", 1), ("host", "answered", "HOST_DATA", 1), ("host", "asked", "HOST_DATA", 2))
KMS = (("kms", "asked", "KMS_REQUEST", 1), *SERVER[1:4])
WHOLE = PRICES["certificate"] + PRICES["activation"]


class Killed(KilledTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card = cls.house.meter("card")

    def numbers(self):
        return [row["serial"] for row in self.house.listed("ca", "list") if row["purpose"] == "user"]

    def once(self, slot, verb, victim, where):
        before, numbers = self.spent(self.card), self.numbers()
        tap = self.blow(victim, *where)
        self.house.tool(self.card, "cert", *verb, address=self.house.line.address)
        self.struck(tap)

        def done():
            found = self.house.slots(self.card).get(slot, {})
            return found.get("state") == "active" and "request" not in found and found["certificate"] not in numbers
        self.until(done, self.card, "cert", "install")
        mills, pieces = self.spent(self.card)
        self.assertEqual((mills, pieces), (before[0] + WHOLE, before[1] + 2))
        made = [number for number in self.numbers() if number not in numbers]
        self.assertEqual(made, [self.house.slots(self.card)[slot]["certificate"]])
        self.balanced()

    def all(self, victim, places):
        """New keys while there is room for them, then new certificates for the first."""
        for where in places:
            with self.subTest(victim=victim, where=where):
                free = [slot for slot in range(1, 9) if slot not in self.house.slots(self.card)]
                verb = ("request", "--subject", USER_NAME, "--slot", str(free[0])) if free else ("renew", "--slot", "1")
                self.once(free[0] if free else 1, verb, victim, where)

    def test_meter_server(self):
        self.all("server", SERVER)

    def test_key_management_system(self):
        self.all("kms", KMS)


if __name__ == "__main__":
    unittest.main()
