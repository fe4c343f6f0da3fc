-- Pieces that were seen. The key is the PSD (the 8 bytes of DEVICE_ID as a number) and the piece count, in one of the two
-- tables; what was seen first stays.
CREATE TABLE IF NOT EXISTS seen_schema (
  version {integer} NOT NULL PRIMARY KEY CHECK (version = 1)
) {keyed};
INSERT INTO seen_schema (version) VALUES (1) ON CONFLICT DO NOTHING;

-- With registers: behind the piece it was ascending, before it ascending - postage.
CREATE TABLE IF NOT EXISTS seen_pieces (
  device {integer} NOT NULL CHECK (device > 0),
  piece {integer} NOT NULL CHECK (piece BETWEEN 0 AND 4294967295),
  seen {integer} NOT NULL CHECK (seen >= 0),
  digest {integer} NOT NULL,
  ascending {integer} NOT NULL CHECK (ascending >= 0),
  postage {integer} NOT NULL CHECK (postage >= 0),
  PRIMARY KEY (device, piece)
) {keyed};

-- Compact indicia have no registers. Apart from the others: whoever looks for neighbours meets none of them, however many.
CREATE TABLE IF NOT EXISTS seen_compact (
  device {integer} NOT NULL CHECK (device > 0),
  piece {integer} NOT NULL CHECK (piece BETWEEN 0 AND 4294967295),
  seen {integer} NOT NULL CHECK (seen >= 0),
  digest {integer} NOT NULL,
  PRIMARY KEY (device, piece)
) {keyed};
