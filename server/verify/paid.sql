-- Payments that a merchant has seen (docs/verify.md). The key is the line of credit, by the hash of its certificate, and the
-- number of the payment; what was seen first stays.
CREATE TABLE IF NOT EXISTS seen_payments (
  credit {bytes} NOT NULL CHECK (length(credit) = 32),
  sequence {integer} NOT NULL CHECK (sequence >= 0),
  seen {integer} NOT NULL CHECK (seen >= 0),
  hash {bytes} NOT NULL CHECK (length(hash) = 32),
  previous {bytes} NOT NULL CHECK (length(previous) = 32),
  amount {integer} NOT NULL CHECK (amount >= 0),
  remaining {integer} NOT NULL CHECK (remaining >= 0),
  PRIMARY KEY (credit, sequence)
) {keyed};
