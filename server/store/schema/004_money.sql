-- Funds: books and movements between them, operations of PSDs, the provider's orders, alarms, postage seen on mail.

-- What a meter that is registered to the account is authorized with.
ALTER TABLE accounts ADD COLUMN zip {integer} NOT NULL DEFAULT 0 CHECK (zip BETWEEN 0 AND 4294967295);
ALTER TABLE accounts ADD COLUMN licence {integer} NOT NULL DEFAULT 0 CHECK (licence BETWEEN 0 AND 4294967295);

-- PSDs, made anew: audits are longer, and those of before are dropped; the next session brings another.
CREATE TABLE devices_4 (
  device {integer} NOT NULL PRIMARY KEY CHECK (device > 0),
  wrapped_k4 {bytes} NOT NULL CHECK (length(wrapped_k4) = 132),
  vendor_key {integer} NOT NULL CHECK (vendor_key BETWEEN 0 AND 4294967295),
  user_id {integer},
  account_id {integer},
  revoked {integer} NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
  inspected {integer} NOT NULL DEFAULT 0 CHECK (inspected >= 0),
  audit {bytes} CHECK (length(audit) = 261),
  -- Operations with funds: the last one known, the one that is not finished, and the last known at the last audit.
  sequence {integer} NOT NULL DEFAULT 0 CHECK (sequence BETWEEN 0 AND 4294967295),
  open_sequence {integer} NOT NULL DEFAULT 0 CHECK (open_sequence BETWEEN 0 AND sequence),
  audited_sequence {integer} NOT NULL DEFAULT 0 CHECK (audited_sequence BETWEEN 0 AND 4294967295),
  orders {integer} NOT NULL DEFAULT 0 CHECK (orders BETWEEN 0 AND 4294967295),
  due {integer} NOT NULL DEFAULT 0 CHECK (due BETWEEN 0 AND 65535),
  lock {integer} NOT NULL DEFAULT 0 CHECK (lock BETWEEN 0 AND 2),
  zip {integer} NOT NULL DEFAULT 0 CHECK (zip BETWEEN 0 AND 4294967295),
  licence {integer} NOT NULL DEFAULT 0 CHECK (licence BETWEEN 0 AND 4294967295),
  certificate_until {integer} NOT NULL DEFAULT 0 CHECK (certificate_until >= 0),
  withdrawn {integer} NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
  ca_key {integer} NOT NULL DEFAULT 0 CHECK (ca_key BETWEEN 0 AND 4294967295), -- that it knows; 0 for not told
  -- Registered to a user and that user's account, or to nobody.
  FOREIGN KEY (user_id, account_id) REFERENCES users (id, account),
  CHECK ((user_id IS NULL) = (account_id IS NULL)),
  CHECK ((audit IS NULL) = (inspected = 0))
) {rowed};
INSERT INTO devices_4 (device, wrapped_k4, vendor_key, user_id, account_id, revoked)
  SELECT device, wrapped_k4, vendor_key, user_id, account_id, revoked FROM devices;
DROP TABLE devices;
ALTER TABLE devices_4 RENAME TO devices;
-- How many PSDs still hold a vendor key K1: counted without reading the PSDs.
CREATE INDEX devices_vendor_key ON devices (vendor_key);
CREATE INDEX devices_account ON devices (account_id, device);

-- 1 bank, 2 account, 3 reserved, 4 meter, 5 services, 6 debt.
CREATE TABLE books (
  kind {integer} NOT NULL CHECK (kind BETWEEN 1 AND 6),
  owner {integer} NOT NULL CHECK (owner >= 0),
  balance {integer} NOT NULL DEFAULT 0,
  least {integer} NOT NULL CHECK (least <= 0),
  moved {integer} NOT NULL DEFAULT 0, -- the last movement
  PRIMARY KEY (kind, owner),
  CHECK ((owner = 0) = (kind = 1)),
  CHECK (least = 0 OR kind IN (1, 2, 6)),
  CHECK (balance >= least),
  CHECK (kind <> 6 OR balance <= 0)
) {keyed};

CREATE TABLE movements (
  id {identity},
  -- 1 deposit, 2 payout, 3 reserve, 4 settle, 5 release, 6 withdraw, 7 charge, 8 pay, 9 adjust.
  kind {integer} NOT NULL,
  time {integer} NOT NULL CHECK (time >= 0),
  amount {integer} NOT NULL CHECK (amount > 0),
  from_kind {integer} NOT NULL,
  from_owner {integer} NOT NULL,
  to_kind {integer} NOT NULL,
  to_owner {integer} NOT NULL,
  device {integer} REFERENCES devices (device),
  sequence {integer} NOT NULL DEFAULT 0 CHECK (sequence BETWEEN 0 AND 4294967295),
  reference TEXT NOT NULL DEFAULT '' CHECK (length(reference) <= 64),
  FOREIGN KEY (from_kind, from_owner) REFERENCES books (kind, owner),
  FOREIGN KEY (to_kind, to_owner) REFERENCES books (kind, owner),
  CHECK ((kind = 1 AND from_kind = 1 AND to_kind = 2) OR (kind = 2 AND from_kind = 2 AND to_kind = 1) OR
         (kind = 3 AND from_kind = 2 AND to_kind = 3) OR (kind = 4 AND from_kind = 3 AND to_kind IN (4, 5)) OR
         (kind = 5 AND from_kind = 3 AND to_kind = 2) OR (kind = 6 AND from_kind IN (4, 5) AND to_kind = 2) OR
         (kind = 7 AND from_kind = 6 AND to_kind = 4) OR (kind = 8 AND from_kind = 2 AND to_kind = 6) OR
         (kind = 9 AND from_kind = 1 AND to_kind IN (4, 5)) OR (kind = 9 AND from_kind IN (4, 5) AND to_kind = 1)),
  CHECK (kind <> 8 OR from_owner = to_owner),
  -- A PSD's books move for that PSD alone; operations have their number, and nothing else has.
  CHECK ((device IS NULL) = (kind IN (1, 2, 8))),
  CHECK (from_kind NOT IN (3, 4, 5) OR from_owner = device),
  CHECK (to_kind NOT IN (3, 4, 5) OR to_owner = device),
  CHECK ((sequence > 0) = (kind IN (3, 4, 5, 6)))
) {rowed};
CREATE UNIQUE INDEX movements_operation ON movements (device, sequence, kind) WHERE sequence > 0;
CREATE UNIQUE INDEX movements_reference ON movements (kind, from_owner, to_owner, reference)
  WHERE reference <> '' AND kind IN (1, 2, 8);
CREATE INDEX movements_from ON movements (from_kind, from_owner, id);
CREATE INDEX movements_to ON movements (to_kind, to_owner, id);

-- A movement is what changes balances, both of them, and nothing else does.
{only sqlite}
CREATE TRIGGER movements_made AFTER INSERT ON movements BEGIN
  UPDATE books SET balance = balance - new.amount, moved = new.id
    WHERE kind = new.from_kind AND owner = new.from_owner;
  UPDATE books SET balance = balance + new.amount, moved = new.id
    WHERE kind = new.to_kind AND owner = new.to_owner;
  -- INSERT OR IGNORE would skip an update that a check refuses.
  SELECT RAISE(ABORT, 'a movement has two legs')
    WHERE (SELECT count(*) FROM books WHERE moved = new.id AND ((kind = new.from_kind AND owner = new.from_owner)
      OR (kind = new.to_kind AND owner = new.to_owner))) <> 2;
END;
CREATE TRIGGER movements_kept BEFORE UPDATE ON movements BEGIN
  SELECT RAISE(ABORT, 'a movement is never changed');
END;
CREATE TRIGGER movements_stay BEFORE DELETE ON movements BEGIN
  SELECT RAISE(ABORT, 'a movement is never removed');
END;
CREATE TRIGGER movements_replaced BEFORE INSERT ON movements
  WHEN EXISTS (SELECT 1 FROM movements WHERE id = new.id)
BEGIN
  SELECT RAISE(ABORT, 'a movement is never changed');
END;
CREATE TRIGGER books_empty BEFORE INSERT ON books WHEN new.balance <> 0 OR new.moved <> 0 BEGIN
  SELECT RAISE(ABORT, 'a book begins with nothing');
END;
CREATE TRIGGER books_follow BEFORE UPDATE OF kind, owner, balance, moved ON books
  WHEN new.kind <> old.kind OR new.owner <> old.owner OR new.moved <= old.moved OR NOT EXISTS (
    SELECT 1 FROM movements m WHERE m.id = new.moved AND (
      (m.from_kind = old.kind AND m.from_owner = old.owner AND new.balance = old.balance - m.amount) OR
      (m.to_kind = old.kind AND m.to_owner = old.owner AND new.balance = old.balance + m.amount)))
BEGIN
  SELECT RAISE(ABORT, 'balances follow movements');
END;
CREATE TRIGGER accounts_books AFTER INSERT ON accounts BEGIN
  INSERT INTO books (kind, owner, least) VALUES (2, new.id, 0), (6, new.id, -9223372036854775807);
END;
{end}
{only postgresql}
CREATE FUNCTION make_movement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE legs bigint;
BEGIN
  UPDATE books SET balance = balance - NEW.amount, moved = NEW.id
    WHERE kind = NEW.from_kind AND owner = NEW.from_owner;
  GET DIAGNOSTICS legs = ROW_COUNT;
  IF legs = 1 THEN
    UPDATE books SET balance = balance + NEW.amount, moved = NEW.id
      WHERE kind = NEW.to_kind AND owner = NEW.to_owner;
    GET DIAGNOSTICS legs = ROW_COUNT;
  END IF;
  IF legs <> 1 THEN
    RAISE EXCEPTION 'a movement has two legs' USING ERRCODE = '23000';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'this is never changed' USING ERRCODE = '23000';
END $$;
CREATE FUNCTION follow_movement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind = OLD.kind AND NEW.owner = OLD.owner AND NEW.moved > OLD.moved AND EXISTS (
    SELECT 1 FROM movements m WHERE m.id = NEW.moved AND (
      (m.from_kind = OLD.kind AND m.from_owner = OLD.owner AND NEW.balance = OLD.balance - m.amount) OR
      (m.to_kind = OLD.kind AND m.to_owner = OLD.owner AND NEW.balance = OLD.balance + m.amount))) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'balances follow movements' USING ERRCODE = '23000';
END $$;
CREATE FUNCTION open_account_books() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO books (kind, owner, least) VALUES (2, NEW.id, 0), (6, NEW.id, -9223372036854775807);
  RETURN NULL;
END $$;
CREATE TRIGGER movements_made AFTER INSERT ON movements FOR EACH ROW EXECUTE FUNCTION make_movement();
CREATE TRIGGER movements_kept BEFORE UPDATE OR DELETE ON movements FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER movements_stay BEFORE TRUNCATE ON movements EXECUTE FUNCTION refuse_change();
CREATE TRIGGER books_empty BEFORE INSERT ON books FOR EACH ROW WHEN (NEW.balance <> 0 OR NEW.moved <> 0)
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER books_stay BEFORE TRUNCATE ON books EXECUTE FUNCTION refuse_change();
CREATE TRIGGER books_follow BEFORE UPDATE OF kind, owner, balance, moved ON books FOR EACH ROW
  EXECUTE FUNCTION follow_movement();
CREATE TRIGGER accounts_books AFTER INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION open_account_books();
{end}

INSERT INTO books (kind, owner, least) VALUES (1, 0, -9223372036854775807);
INSERT INTO books (kind, owner, least) SELECT 2, id, 0 FROM accounts;
INSERT INTO books (kind, owner, least) SELECT 6, id, -9223372036854775807 FROM accounts;

CREATE TABLE operations (
  device {integer} NOT NULL REFERENCES devices (device),
  sequence {integer} NOT NULL CHECK (sequence BETWEEN 1 AND 4294967295),
  -- 1 reserved, 2 settled, 3 released; 4 credited, 5 closed.
  state {integer} NOT NULL CHECK (state BETWEEN 1 AND 5),
  register_group {integer} NOT NULL CHECK (register_group IN (0, 1)),
  final {integer} NOT NULL CHECK (final IN (0, 1)),
  amount {integer} NOT NULL CHECK (amount >= 0),
  account {integer} NOT NULL REFERENCES accounts (id),
  begun {integer} NOT NULL CHECK (begun >= 0),
  changed {integer} NOT NULL CHECK (changed >= 0),
  request {bytes} NOT NULL CHECK (length(request) BETWEEN 108 AND 140),
  receipt {bytes} NOT NULL CHECK (length(receipt) = 0 OR length(receipt) BETWEEN 91 AND 123),
  PRIMARY KEY (device, sequence),
  CHECK (amount > 0 OR final = 1),
  CHECK (final = 0 OR state IN (4, 5)),
  CHECK (length(receipt) = 0 OR state IN (2, 3, 5))
) {keyed};
-- A PSD has at most one that is not finished.
CREATE UNIQUE INDEX operations_open ON operations (device) WHERE state IN (1, 4);
CREATE INDEX operations_reserved ON operations (account) WHERE state = 1;

CREATE TABLE orders (
  device {integer} NOT NULL REFERENCES devices (device),
  action {integer} NOT NULL
    CHECK (action IN (4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)),
  content {bytes} NOT NULL CHECK (length(content) <= 1908),
  time {integer} NOT NULL CHECK (time >= 0),
  PRIMARY KEY (device, action)
) {keyed};

CREATE TABLE serial_numbers (
  kind {integer} NOT NULL PRIMARY KEY CHECK (kind = 1), -- certificates of PSDs
  last {integer} NOT NULL CHECK (last BETWEEN 0 AND 4294967295)
) {rowed};
INSERT INTO serial_numbers (kind, last) VALUES (1, 0);

CREATE TABLE alarms (
  id {identity},
  device {integer} NOT NULL REFERENCES devices (device),
  time {integer} NOT NULL CHECK (time >= 0),
  -- 1 restored, 2 balance, 3 conflict, 4 receipt.
  reason {integer} NOT NULL CHECK (reason BETWEEN 1 AND 4),
  cleared {integer} NOT NULL DEFAULT 0 CHECK (cleared IN (0, 1)),
  words TEXT NOT NULL CHECK (length(words) <= 128)
) {rowed};
CREATE INDEX alarms_device ON alarms (device, id);
-- One of a kind until somebody has looked.
CREATE UNIQUE INDEX alarms_open ON alarms (device, reason) WHERE cleared = 0;

CREATE TABLE evidence (
  device {integer} NOT NULL REFERENCES devices (device),
  piece {integer} NOT NULL CHECK (piece BETWEEN 0 AND 4294967295),
  amount {integer} NOT NULL CHECK (amount >= 0),
  ascending {integer} NOT NULL CHECK (ascending >= 0),
  seen {integer} NOT NULL DEFAULT 1 CHECK (seen >= 1),
  contradictions {integer} NOT NULL DEFAULT 0 CHECK (contradictions >= 0),
  PRIMARY KEY (device, piece)
) {keyed};

-- What the operator has looked at of it: only what comes after that is told of.
CREATE TABLE evidence_accepted (
  device {integer} NOT NULL PRIMARY KEY REFERENCES devices (device),
  time {integer} NOT NULL CHECK (time >= 0),
  amount {integer} NOT NULL CHECK (amount >= 0),
  copies {integer} NOT NULL CHECK (copies >= 0),
  contradictions {integer} NOT NULL CHECK (contradictions >= 0),
  highest_ascending {integer} NOT NULL CHECK (highest_ascending >= 0)
) {rowed};
