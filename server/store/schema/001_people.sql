-- Who pays, who signs on, and who has failed to.
CREATE TABLE schema_version (
  version {integer} NOT NULL PRIMARY KEY CHECK (version > 0),
  applied {integer} NOT NULL
) {rowed};

-- Tells a wrong column key from the right one: a MAC under it.
CREATE TABLE column_keys (
  number {integer} NOT NULL PRIMARY KEY,
  witness {bytes} NOT NULL CHECK (length(witness) = 32)
) {rowed};

CREATE TABLE accounts (
  id {identity},
  number TEXT NOT NULL UNIQUE CHECK (length(number) BETWEEN 1 AND 32),
  name {bytes} NOT NULL CHECK (length(name) = 156),
  suspended {integer} NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1))
) {rowed};

CREATE TABLE users (
  id {identity},
  handle {bytes} NOT NULL UNIQUE CHECK (length(handle) = 32),
  account {integer} NOT NULL REFERENCES accounts (id),
  name {bytes} NOT NULL CHECK (length(name) = 60),
  verifier {bytes} NOT NULL CHECK (length(verifier) = 76),
  disabled {integer} NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  UNIQUE (id, account)
) {rowed};

CREATE TABLE failures (
  handle {bytes} NOT NULL PRIMARY KEY CHECK (length(handle) = 32),
  tries {integer} NOT NULL CHECK (tries BETWEEN 0 AND 4294967295),
  until {integer} NOT NULL CHECK (until >= 0),
  touched {integer} NOT NULL CHECK (touched >= 0)
) {keyed};
CREATE INDEX failures_touched ON failures (touched);
