"""Evidence of postage, written from docs/evidence.md: indicia, digital tokens, rate tables, tables of days. Nothing here
sends anything."""

import os
import re

from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from psd_crypto import ecdsa_sign, ecdsa_verify, expand, hash256, hmac256
from psd_dsa import dsa_sign, dsa_verify
from psd_layout import CLASSES, DOMAINS, KINDS, MAKERS, PROFILES, pack, size_of, take, unpack

DSA, P256, COMPACT = (PROFILES[name][0] for name in ("DSA", "P256", "COMPACT"))
SIZES = {number: size for number, size, _ in PROFILES.values()}
SIGNATURES = {number: size for number, _, size in PROFILES.values()}
POSTAGE, REDATE, CORRECTION, TEST, WITHDRAWAL = (KINDS[name] for name in
                                                 ("POSTAGE", "REDATE", "CORRECTION", "TEST", "WITHDRAWAL"))
VENDOR, POSTAL = DOMAINS["VENDOR"], DOMAINS["POSTAL"]
BY_DAY, BY_METER = 0, 1
INDICIUM, IN_COMPACT, UNRATED, NO_ORIGIN = 0x53, 0xFE, 8191, 1000
FIRST, FLAT, CARD, PRIORITY = (CLASSES[name] for name in ("FIRST", "FLAT", "CARD", "PRIORITY"))


# Digital tokens. A device is its 8 bytes, DEVICE_ID.

def cmac(key, *parts):
    mac = CMAC(algorithms.AES(key))
    mac.update(b"".join(parts))
    return mac.finalize()


def number(data, most):
    return int.from_bytes(data[:8], "big") % most


def pointer_of(device):
    return number(hash256(b"psd key pointer", device), 1000)


def key_of_set(master, pointer):
    return expand(master, b"psd token key" + pointer.to_bytes(2, "big"), 32)


def of_day(key, date):
    return cmac(key, b"psd token day", date.to_bytes(4, "big"))


def of_meter(key, device):
    return cmac(key, b"psd token meter", device)


def final_key(order, k_pred, device, date):
    if order == BY_DAY:
        return of_meter(of_day(k_pred, date), device)
    return of_day(of_meter(k_pred, device), date)


def held_key(order, k_pred, device):
    """What a TOKEN_KEY has of it."""
    return k_pred if order == BY_DAY else of_meter(k_pred, device) + bytes(16)


def key_held(held, device, date):
    """K_final from a TOKEN_KEY's fields."""
    if held["order"] == BY_DAY:
        return final_key(BY_DAY, held["key"], device, date)
    return of_day(held["key"][:16], date)


def token(final, digits, values):
    return number(cmac(final, b"psd token", pack("token_input", values)), 10 ** digits)


def registration_token(final, values):
    return number(cmac(final, b"psd token registration", pack("registration", values)), 10 ** 8)


def compact_mac(final, text):
    return hmac256(cmac(final, b"psd compact"), text)[:6]


def addressee(text):
    """The digest of an address."""
    words = re.sub(r"[\x00-\x20\x7f]+", " ", text).strip(" ")
    upper = "".join(letter.upper() if letter < "\x80" else letter for letter in words)
    return hash256(upper.encode())[:8]


class TokenSets:
    """The masters of both domains, set 1 of each: what the two key management systems have."""

    def __init__(self):
        self.masters = {VENDOR: os.urandom(32), POSTAL: os.urandom(32)}

    def k_pred(self, domain, device):
        return key_of_set(self.masters[domain], pointer_of(device))

    def final(self, domain, order, device, date):
        return final_key(order, self.k_pred(domain, device), device, date)

    def hand_out(self, domain, wanted):
        """TOKEN_KEY for the fields of KMS_TOKEN_KEY."""
        device = pack("device_id", {name: wanted[name] for name in ("vendor", "model", "serial")})
        return pack("token_key", {"set": 1, "pointer": pointer_of(device), "digits": wanted["digits"],
                                  "order": wanted["order"],
                                  "key": held_key(wanted["order"], self.k_pred(domain, device), device)})

    def day_rows(self, domain, date):
        """The 1000 keys of a day."""
        return [of_day(key_of_set(self.masters[domain], pointer), date) for pointer in range(1000)]


# Indicia, and the DSA keys of some.

def dsa_key(point, device, value):
    """y of a DSA_KEY for which the PSD's P-256 key vouches."""
    said = unpack("dsa_key", value)
    if not ecdsa_verify(point, said["signature"], b"psd dsa key", device, said["y"]):
        raise ValueError("nobody vouches for this DSA key")
    return said["y"]


def category(kind, row=UNRATED):
    return kind << 13 | row


def layout_of(indicium):
    return "compact_indicium" if indicium[0] == IN_COMPACT else "indicium"


def read_indicium(indicium):
    """Profile, fields, what is signed, and the signature."""
    layout = layout_of(indicium)
    text, signature = indicium[:size_of(layout)], indicium[size_of(layout):]
    said = unpack(layout, text)
    profile = COMPACT if layout == "compact_indicium" else said["algorithm"]
    if said["version"] not in (INDICIUM, IN_COMPACT) or len(indicium) != SIZES[profile]:
        raise ValueError("no indicium")
    said["kind"], said["row"] = said["category"] >> 13, said["category"] & UNRATED
    return profile, said, text, signature


def holds(indicium, point=None, y=None, final=None):
    """Whether its signature, or HMAC, is right: under the PSD's key, its DSA key, or K_final of the day."""
    profile, _, text, signature = read_indicium(indicium)
    if profile == P256:
        return ecdsa_verify(point, signature, text)
    if profile == DSA:
        return dsa_verify(y, signature, text)
    return compact_mac(final, text) == signature


def make_indicium(profile, values, pair=None, dsa_secret=None, final=None):
    """Made and signed by whoever has the keys."""
    if profile == COMPACT:
        text = pack("compact_indicium", {"version": IN_COMPACT, **values})
        return text + compact_mac(final, text)
    text = pack("indicium", {"version": INDICIUM, "algorithm": profile, **values})
    return text + (ecdsa_sign(pair, text) if profile == P256 else dsa_sign(dsa_secret, text))


def maker_of(device):
    """The byte of vendor and model, from the 8 bytes of a device."""
    return next(byte for byte, names in MAKERS.items() if b"".join(names) == device[:4])


# Rate tables.

NO_SERVICES = {name: 0 for name in ("certificate", "activation", "signing", "postmark", "verification", "agent",
                                    "revocation", "payment")}


class Rates:
    """A rate table. `zones` are (first, last, zone), `rows` (class, zone, grams, postage)."""

    def __init__(self, version, effective, expiry, rows, origin=NO_ORIGIN, zones=(), country=b"US", services=None):
        self.head = {"magic": b"PSDR", "format": 1, "country": country, "version": version, "effective": effective,
                     "expiry": expiry, "origin": origin, "zones": len(zones), "rows": len(rows)}
        self.services, self.zones, self.rows = {**NO_SERVICES, **(services or {})}, list(zones), list(rows)

    def bytes(self, **altered):
        """Without its signature; `altered` are fields of the head that lie."""
        out = pack("rate_table", {**self.head, **altered}) + pack("service_rates", self.services)
        for first, last, zone in self.zones:
            out += pack("zone_row", {"first": first, "last": last, "zone": zone})
        for mail_class, zone, grams, postage in self.rows:
            out += pack("rate_row", {"mail_class": mail_class, "zone": zone, "grams": grams, "postage": postage})
        return out

    def hash(self):
        return hash256(self.bytes())[:4]

    def signed(self, pair):
        return sign_rates(self.bytes(), pair)

    def zone_of(self, zip_code, destination):
        to = destination // 10 ** 8
        if destination and zip_code // 100 == self.head["origin"]:
            return next((zone for first, last, zone in self.zones if first <= to <= last), 0)
        return 0

    def find(self, mail_class, grams, zone=0, zip_code=0, destination=0):
        """Number and postage of the row for a piece; None if there is none."""
        charted = self.zone_of(zip_code, destination)
        if charted and zone not in (0, charted):
            return None
        kept_back = not destination and zip_code // 100 == self.head["origin"]
        for at, (of, in_zone, most, postage) in enumerate(self.rows):
            wanted = (charted or zone) if in_zone else 0
            if in_zone and kept_back:
                continue
            if of == mail_class and in_zone == wanted and (in_zone or not zone) and grams <= most:
                return at, postage
        return None


def sign_rates(table, pair):
    return table + ecdsa_sign(pair, b"psd rate table", table)


def read_rates(signed, point):
    """A table of whoever has the key of this point."""
    table = signed[:-64]
    if not ecdsa_verify(point, signed[-64:], b"psd rate table", table):
        raise ValueError("the signature of a rate table is not right")
    head, rest = take("rate_table", table)
    services, rest = take("service_rates", rest)
    zones, rows = [], []
    for _ in range(head["zones"]):
        row, rest = take("zone_row", rest)
        zones.append((row["first"], row["last"], row["zone"]))
    for _ in range(head["rows"]):
        row, rest = take("rate_row", rest)
        rows.append((row["mail_class"], row["zone"], row["grams"], row["postage"]))
    if rest or head["magic"] != b"PSDR" or head["format"] != 1 or rows != sorted(rows) or zones != sorted(zones):
        raise ValueError("no rate table")
    made = Rates(head["version"], head["effective"], head["expiry"], rows, head["origin"], zones, head["country"],
                 services)
    if made.bytes() != table:
        raise ValueError("a rate table is another when it is written again")
    return made


# Tables of days.

def day_table(pair, domain, key_set, date, rows, order=BY_DAY, made=0):
    """Of order 0 `rows` has the 1000 K_dd, of order 1 the K_final of each device."""
    out = pack("day_table", {"magic": b"PSDT", "format": 1, "domain": domain, "order": order, "set": key_set,
                             "date": date, "made": made, "count": len(rows)})
    if order == BY_DAY:
        out += b"".join(rows)
    else:
        out += b"".join(device + key for device, key in sorted(rows.items()))
    return out + ecdsa_sign(pair, b"psd day table", out)


def read_day_table(data, point):
    """Head, and a list of K_dd or K_final by device."""
    if not ecdsa_verify(point, data[-64:], b"psd day table", data[:-64]):
        raise ValueError("the signature of a table of a day is not right")
    head, rest = take("day_table", data[:-64])
    if head["magic"] != b"PSDT" or head["format"] != 1:
        raise ValueError("no table of a day")
    size = size_of("day_key" if head["order"] == BY_DAY else "meter_key")
    rows = [rest[at:at + size] for at in range(0, len(rest), size)]
    if len(rest) != size * head["count"] or rows != (rows if head["order"] == BY_DAY else sorted(rows)):
        raise ValueError("a table of a day has other keys than its head says")
    return head, rows if head["order"] == BY_DAY else {row[:8]: row[8:] for row in rows}


def final_of_table(table, device, date):
    """K_final of a device as a site finds it."""
    head, rows = table
    if head["date"] != date:
        raise ValueError("a table of another day")
    return of_meter(rows[pointer_of(device)], device) if head["order"] == BY_DAY else rows[device]
