-- PSDs. The key is the 8 bytes of DEVICE_ID read as a number: a look-up goes down one tree of numbers.
CREATE TABLE devices (
  device {integer} NOT NULL PRIMARY KEY CHECK (device > 0),
  wrapped_k4 {bytes} NOT NULL CHECK (length(wrapped_k4) = 132),
  vendor_key {integer} NOT NULL CHECK (vendor_key BETWEEN 0 AND 4294967295),
  user_id {integer},
  account_id {integer},
  revoked {integer} NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
  inspected {integer} NOT NULL DEFAULT 0 CHECK (inspected >= 0),
  audit {bytes} CHECK (length(audit) = 235),
  -- Registered to a user and that user's account, or to nobody.
  FOREIGN KEY (user_id, account_id) REFERENCES users (id, account),
  CHECK ((user_id IS NULL) = (account_id IS NULL)),
  CHECK ((audit IS NULL) = (inspected = 0))
) {rowed};
