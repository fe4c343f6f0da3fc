"""Who has the PIN of a real card, and prints: the commands of docs/evidence.md, and what of their answers must be so."""

from psd_evidence import COMPACT, POSTAGE, SIZES, dsa_key, holds, maker_of, read_indicium, token
from psd_funds import DONE, device_of
from psd_layout import COMMANDS, pack, take, unpack
from psd_site import date_of
from psd_wire import CardRefused

PIN, PUK = "4711", "12345678"
RATES, NEXT_RATES, SERVICES, DSA_KEY, REGISTERS = 0xDF42, 0xDF43, 0xDF40, 0xDF44, 0xDF23
LETTER = {"mail_class": 1, "grams": 28, "postage": 730}
NOTHING = {"date": 0, "mail_class": 0, "zone": 0, "grams": 0, "postage": 0, "destination": 0, "addressee": bytes(8)}


def wish(profile, **more):
    return pack("indicium_wish", {"profile": profile, **NOTHING, **more})


class Printer:
    """`card` is its socket (CardSocket). The PSD is selected, and the PIN given, each time anew: a session ends both."""

    def __init__(self, card):
        self.card = card

    def ask(self, name, p1=0, data=b"", cla=0x80):
        """Status word and data."""
        try:
            return DONE, self.card.command(COMMANDS[name], p1, 0, data, cla)
        except CardRefused as refused:
            return refused.status, b""

    def begin(self):
        self.card.reset()
        self.card.command(COMMANDS["VERIFY"], 0, 0x81, PIN.encode())
        return self

    def done(self, name, p1=0, data=b""):
        status, answer = self.ask(name, p1, data)
        if status != DONE:
            raise AssertionError(f"{name}: {status:04X}")
        return answer

    def create(self, profile, kind=POSTAGE, **more):
        """Head and indicium of what was made."""
        return take("evidence_head", self.done("CREATE_INDICIUM", kind, wish(profile, **more)))

    def refused(self, profile, kind=POSTAGE, **more):
        """The status word."""
        return self.ask("CREATE_INDICIUM", kind, wish(profile, **more))[0]

    def object(self, tag):
        return self.card.command(0xCA, tag >> 8, tag & 0xFF)

    def registers(self):
        return unpack("registers", self.object(REGISTERS))


class Expected:
    """What is right of a card's evidence, by its keys: `finals` has a function from dates to K_final for each domain."""

    def __init__(self, device, certificate, zip_code, point, dsa_value, finals, digits=5):
        self.device, self.certificate, self.zip, self.point, self.finals = device, certificate, zip_code, point, finals
        self.y = dsa_key(point, device_of(device), dsa_value) if dsa_value else None
        self.digits = digits

    def holds(self, indicium, date):
        """Its signature is right."""
        return holds(indicium, self.point, self.y, self.finals["postal"](date))

    def check(self, head, indicium, registers, kind, profile, asked, rates=None, row=None):
        """Everything of an answer; `registers` are those after it. A list of what is wrong."""
        found, said, _, _ = read_indicium(indicium)
        date = asked.get("date") or date_of()
        wanted = {"profile": profile, "kind": kind, "postage": asked.get("postage", 0), "date": date,
                  "destination": asked.get("destination", 0), "mail_class": asked.get("mail_class", 0),
                  **{name: registers[name] for name in ("ascending", "descending", "piece_count")}}
        wrong = [name for name, value in wanted.items() if head[name] != value]
        inside = {"piece_count": head["piece_count"], "postage": wanted["postage"], "kind": kind,
                  "row": 8191 if row is None else row}
        if profile == COMPACT:
            inside.update(version=0xFE, maker=maker_of(device_of(self.device)), serial=self.device["serial"] & 0xFFFFFF)
        else:
            inside.update(version=0x53, algorithm=profile, certificate=self.certificate, zip=self.zip, date=date,
                          ascending=head["ascending"], descending=head["descending"], rates=rates or bytes(4),
                          destination=wanted["destination"], **self.device)
        wrong += ["indicium's " + name for name, value in inside.items() if said[name] != value]
        if found != profile or len(indicium) != SIZES[profile] or not self.holds(indicium, date):
            wrong.append("signature")
        return wrong + self.wrong_tokens(head, date, asked.get("addressee", bytes(8)))

    def wrong_tokens(self, head, date, addressee):
        values = {**self.device, "postage": head["postage"], "date": date, "piece_count": head["piece_count"],
                  "addressee": addressee}
        return [domain + " token" for domain, final in self.finals.items() if
                (head[domain + "_digits"], head[domain + "_token"])
                != (self.digits, token(final(date), self.digits, values))]
