"""The layouts of apdu-spec/messages.def and the rows of the tables beside it, read from the tables themselves."""

import os
import re

SPEC = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "apdu-spec")

NUMBERS = {"UINT", "AMOUNT", "TIME", "SPAN", "SERIAL", "FLAG", "STATE", "EVENT", "FAULT", "MODE", "KEYS"}
LITTLE = {"LITTLE", "LITTLE_AMOUNT", "LITTLE_SERIAL"}  # least significant byte first


def _rows(path, macro):
    with open(os.path.join(SPEC, path), encoding="utf-8") as table:
        for line in table:
            found = re.match(macro + r"\((.*)\)\s*$", line)
            if found:
                yield [part.strip().strip('"') for part in found.group(1).split(",")]


def _layouts():
    layouts = {}
    for row in _rows("messages.def", "PSD_MESSAGE"):
        layouts[row[1]] = []
    for message, field, kind, size, *_ in _rows("messages.def", "PSD_FIELD"):
        layouts[message].append((field, kind, int(size)))
    return layouts


LAYOUTS = _layouts()
SUITES = {row[2]: int(row[1], 16) for row in _rows("session.def", "PSD_SUITE")}
FRAMES = {row[0]: int(row[1], 16) for row in _rows("session.def", "PSD_FRAME")}
SIGNALS = {row[0]: int(row[1]) for row in _rows("session.def", "PSD_SIGNAL")}
SIGNAL_STEPS = {int(row[1]): int(row[2]) for row in _rows("session.def", "PSD_SIGNAL")}
ACTIONS = {row[0]: int(row[1], 16) for row in _rows("session.def", "PSD_ACTION")}
OPERATIONS = {row[0]: int(row[1]) for row in _rows("session.def", "PSD_OPERATION")}
STATES = {row[0]: int(row[1]) for row in _rows("lifecycle.def", "PSD_STATE")}
PROFILES = {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in _rows("evidence.def", "PSD_PROFILE")}
KINDS = {row[0]: int(row[1]) for row in _rows("evidence.def", "PSD_EVIDENCE_KIND")}
CLASSES = {row[0]: int(row[1]) for row in _rows("evidence.def", "PSD_MAIL_CLASS")}
DOMAINS = {row[0]: int(row[1]) for row in _rows("evidence.def", "PSD_TOKEN_DOMAIN")}
MAKERS = {int(row[0]): (row[1].encode(), row[2].encode()) for row in _rows("evidence.def", "PSD_MAKER")}
PURPOSES = {row[0]: int(row[1]) for row in _rows("certificate.def", "PSD_PURPOSE")}
ALGORITHMS = {row[0]: int(row[1]) for row in _rows("certificate.def", "PSD_ALGORITHM")}
CONFIRMED = {row[0]: int(row[1]) for row in _rows("certificate.def", "PSD_CONFIRMED")}
OIDS = {row[0]: row[1] for row in _rows("certificate.def", "PSD_OID")}
COMMANDS = {row[0]: int(row[4], 16) for row in _rows("commands.def", "PSD_COMMAND")}


def size_of(name):
    return sum(size for _, _, size in LAYOUTS[name])


def pack(name, values):
    """Bytes of a layout; `values` has every field, numbers as int and all else as bytes."""
    unknown = set(values) - {field for field, _, _ in LAYOUTS[name]}
    if unknown:
        raise KeyError(f"{name} has no field {unknown}")
    out = b""
    for field, kind, size in LAYOUTS[name]:
        value = values[field]
        if kind in NUMBERS:
            out += value.to_bytes(size, "big")
        elif kind in LITTLE:
            out += value.to_bytes(size, "little")
        elif len(value) == size:
            out += value
        else:
            raise ValueError(f"{name}.{field}: {len(value)} bytes instead of {size}")
    return out


def unpack(name, data):
    """The fields of exactly these bytes."""
    values, rest = take(name, data)
    if rest:
        raise ValueError(f"{name}: {len(rest)} bytes too many")
    return values


def take(name, data):
    """The fields at the beginning of `data`, and what follows them."""
    if len(data) < size_of(name):
        raise ValueError(f"{name}: {len(data)} bytes, {size_of(name)} are needed")
    values = {}
    for field, kind, size in LAYOUTS[name]:
        part, data = data[:size], data[size:]
        if kind in NUMBERS or kind in LITTLE:
            values[field] = int.from_bytes(part, "big" if kind in NUMBERS else "little")
        else:
            values[field] = part
    return values, data
