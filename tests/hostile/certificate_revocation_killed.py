#!/usr/bin/python3
"""VM figure 6 with a meter server, and a key management system, that is killed between each of its steps: afterwards the
revocation comes to its end, the card and the authority agree about it, and it was paid for once."""

from certificates import PRICES, USER_NAME, KilledTest, unittest

# Before which frame of which line: 602 on its way, 608 made, kept, 622 on its way, kept.
SERVER = (("host", "asked", "HOST_DATA", 1), ("kms", "answered", "KMS_REVOKED", 1), ("host", "answered", "HOST_DATA", 1),
          ("host", "asked", "HOST_DATA", 2), ("host", "answered", "HOST_DATA", 2))
KMS = (("kms", "asked", "KMS_REVOKE", 1), ("kms", "asked", "KMS_AUTHORITY", 2))
# A revocation by the authority itself: the command on its way to the card, its confirmation back, checked.
FORCED = (("host", "answered", "CARD_DATA", 1), ("host", "asked", "CARD_DATA", 1), ("kms", "asked", "KMS_AUTHORITY", 2))


class Killed(KilledTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = [cls.house.meter(f"card{number}") for number in range(2)]
        for card in cls.cards:
            for slot in range(1, 6):
                cls.house.good(card, "cert", "request", "--subject", USER_NAME, "--slot", str(slot),
                               address=cls.house.address)

    def setUp(self):
        self.left = [(card, slot) for card in self.cards for slot, said in self.house.slots(card).items()
                     if said["state"] == "active"]

    def row(self, number):
        return next(row for row in self.house.listed("ca", "list") if row["serial"] == number)

    def once(self, price, flow, victim, where):
        card, slot = self.left.pop(0)
        number = self.house.slots(card)[slot]["certificate"]
        before = self.spent(card)
        begun = flow(card, slot, number)
        tap = self.blow(victim, *where)
        self.house.tool(card, *begun, address=self.house.line.address)
        self.struck(tap)

        def done():
            row = self.row(number)
            return self.house.slots(card)[slot]["state"] == "revoked" and row["state"] == "revoked" \
                and row["confirmed_seconds"] > 0
        self.until(done, card, *begun)
        mills, pieces = self.spent(card)
        self.assertEqual((mills, pieces - before[1]), (before[0] + price, 1 if price else pieces - before[1]))
        self.assertEqual(self.row(number)["command_state"], "paid from the registers" if price else "not charged")
        self.balanced()

    def all(self, price, flow, victim, places):
        for where in places:
            with self.subTest(victim=victim, where=where):
                self.once(price, flow, victim, where)

    def by_holder(self, card, slot, number):
        return "cert", "revoke", "--slot", str(slot), "--reason", "superseded"

    def by_authority(self, card, slot, number):
        self.house.server_command("ca", "revoke", str(number), "--reason", "key-compromise")
        return ("audit",)

    def test_meter_server(self):
        self.all(PRICES["revocation"], self.by_holder, "server", SERVER)

    def test_key_management_system(self):
        self.all(PRICES["revocation"], self.by_holder, "kms", KMS)

    def test_forced(self):
        self.all(0, self.by_authority, "server", FORCED)


if __name__ == "__main__":
    unittest.main()
