-- The certificate authority's desk, and the creditor's (docs/authority.md).

-- Books and movements, made anew: payees, and payments to them.
{only sqlite}
DROP TRIGGER accounts_books;
{end}
CREATE TABLE books_6 (
  -- 1 bank, 2 account, 3 reserved, 4 meter, 5 services, 6 debt, 7 payee.
  kind {integer} NOT NULL CHECK (kind BETWEEN 1 AND 7),
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
INSERT INTO books_6 (kind, owner, balance, least, moved) SELECT kind, owner, balance, least, moved FROM books;

CREATE TABLE movements_6 (
  id {identity},
  -- 1 deposit, 2 payout, 3 reserve, 4 settle, 5 release, 6 withdraw, 7 charge, 8 pay, 9 adjust, 10 payment, 11 remit.
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
  FOREIGN KEY (from_kind, from_owner) REFERENCES books_6 (kind, owner),
  FOREIGN KEY (to_kind, to_owner) REFERENCES books_6 (kind, owner),
  CHECK ((kind = 1 AND from_kind = 1 AND to_kind = 2) OR (kind = 2 AND from_kind = 2 AND to_kind = 1) OR
         (kind = 3 AND from_kind = 2 AND to_kind = 3) OR (kind = 4 AND from_kind = 3 AND to_kind IN (4, 5)) OR
         (kind = 5 AND from_kind = 3 AND to_kind = 2) OR (kind = 6 AND from_kind IN (4, 5) AND to_kind = 2) OR
         (kind = 7 AND from_kind = 6 AND to_kind = 4) OR (kind = 8 AND from_kind = 2 AND to_kind = 6) OR
         (kind = 9 AND from_kind = 1 AND to_kind IN (4, 5)) OR (kind = 9 AND from_kind IN (4, 5) AND to_kind = 1) OR
         (kind = 10 AND from_kind = 6 AND to_kind = 7) OR (kind = 11 AND from_kind = 7 AND to_kind = 1)),
  CHECK (kind <> 8 OR from_owner = to_owner),
  -- A PSD's books move for that PSD alone; operations have their number, and nothing else has.
  CHECK ((device IS NULL) = (kind IN (1, 2, 8, 11))),
  CHECK (from_kind NOT IN (3, 4, 5) OR from_owner = device),
  CHECK (to_kind NOT IN (3, 4, 5) OR to_owner = device),
  CHECK ((sequence > 0) = (kind IN (3, 4, 5, 6))),
  -- A payment says which one it is.
  CHECK (kind <> 10 OR reference <> '')
) {rowed};
{only sqlite}
INSERT INTO movements_6 (id, kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, sequence, reference)
  SELECT id, kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, sequence, reference FROM movements;
{end}
{only postgresql}
INSERT INTO movements_6 (id, kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, sequence, reference)
  OVERRIDING SYSTEM VALUE
  SELECT id, kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, sequence, reference FROM movements;
SELECT setval(pg_get_serial_sequence('movements_6', 'id'), max(id)) FROM movements HAVING max(id) IS NOT NULL;
{end}
DROP TABLE movements;
DROP TABLE books;
ALTER TABLE books_6 RENAME TO books;
ALTER TABLE movements_6 RENAME TO movements;
CREATE UNIQUE INDEX movements_operation ON movements (device, sequence, kind) WHERE sequence > 0;
CREATE UNIQUE INDEX movements_reference ON movements (kind, from_owner, to_owner, reference)
  WHERE reference <> '' AND kind IN (1, 2, 8, 10, 11);
CREATE INDEX movements_from ON movements (from_kind, from_owner, id);
CREATE INDEX movements_to ON movements (to_kind, to_owner, id);

CREATE TABLE serial_numbers_6 (
  kind {integer} NOT NULL PRIMARY KEY CHECK (kind IN (1, 2)), -- certificates; lists of revoked ones
  last {integer} NOT NULL CHECK (last >= 0),
  CHECK (kind = 2 OR last <= 4294967295)
) {rowed};
INSERT INTO serial_numbers_6 (kind, last) SELECT kind, last FROM serial_numbers;
INSERT INTO serial_numbers_6 (kind, last) VALUES (2, 0);
DROP TABLE serial_numbers;
ALTER TABLE serial_numbers_6 RENAME TO serial_numbers;

-- The authority's own certificates, as the key management system has them: 0 root, 1 CA, 2 creditor.
CREATE TABLE authorities (
  hash {bytes} NOT NULL PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256 of what is signed in it
  kind {integer} NOT NULL CHECK (kind BETWEEN 0 AND 2),
  time {integer} NOT NULL CHECK (time >= 0),
  der {bytes} NOT NULL CHECK (length(der) BETWEEN 1 AND 1900)
) {rowed};

-- Requests for certificates, and what was decided (VM 514).
CREATE TABLE certificate_requests (
  id {identity},
  device {integer} NOT NULL REFERENCES devices (device),
  number {integer} NOT NULL CHECK (number BETWEEN 1 AND 4294967295), -- the card's
  slot {integer} NOT NULL CHECK (slot BETWEEN 1 AND 8),
  purpose {integer} NOT NULL CHECK (purpose BETWEEN 1 AND 3),
  algorithm {integer} NOT NULL CHECK (algorithm BETWEEN 1 AND 2),
  renewal {integer} NOT NULL CHECK (renewal IN (0, 1)),
  user_id {integer} REFERENCES users (id),
  time {integer} NOT NULL CHECK (time >= 0),
  decided {integer} NOT NULL DEFAULT 0 CHECK (decided >= 0),
  status {integer} NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 2), -- certificate.def
  certificate {integer} UNIQUE CHECK (certificate BETWEEN 1 AND 4294967295), -- the serial number that it takes
  organization TEXT NOT NULL CHECK (length(organization) <= 64),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  why TEXT NOT NULL DEFAULT '' CHECK (length(why) <= 128),
  sealed {bytes} NOT NULL CHECK (length(sealed) BETWEEN 36 AND 852),
  granted {bytes} CHECK (length(granted) BETWEEN 54 AND 1333),
  UNIQUE (device, number),
  CHECK ((status = 0) = (decided = 0)),
  CHECK ((status = 1) = (certificate IS NOT NULL)),
  CHECK ((status = 2) = (why <> '')),
  CHECK (granted IS NULL OR status = 1)
) {rowed};
-- A newer one takes the place of one that waits.
CREATE UNIQUE INDEX certificate_requests_waiting ON certificate_requests (device, slot)
  WHERE status < 2 AND granted IS NULL;
CREATE INDEX certificate_requests_open ON certificate_requests (id) WHERE status = 0;

-- Certificates of users, of postmarks, of agents.
CREATE TABLE user_certificates (
  number {integer} NOT NULL PRIMARY KEY CHECK (number BETWEEN 1 AND 4294967295), -- its serial number
  device {integer} NOT NULL REFERENCES devices (device),
  request {integer} NOT NULL UNIQUE REFERENCES certificate_requests (id),
  slot {integer} NOT NULL CHECK (slot BETWEEN 1 AND 8),
  purpose {integer} NOT NULL CHECK (purpose BETWEEN 1 AND 3),
  valid_from {integer} NOT NULL CHECK (valid_from >= 0),
  valid_until {integer} NOT NULL CHECK (valid_until > valid_from),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  public_key {bytes} NOT NULL CHECK (length(public_key) = 32), -- SHA-256 of SubjectPublicKeyInfo
  der {bytes} NOT NULL CHECK (length(der) BETWEEN 1 AND 1280),
  revoked {integer} NOT NULL DEFAULT 0 CHECK (revoked >= 0), -- when; 0 for not
  reason {integer} NOT NULL DEFAULT 0 CHECK (reason IN (0, 1, 3, 4, 5, 6, 9)),
  -- 1 holder, 2 operator, 3 inspection, 4 time-out, 5 unpaid.
  revoked_by {integer} NOT NULL DEFAULT 0 CHECK (revoked_by BETWEEN 0 AND 5),
  command {integer} NOT NULL DEFAULT 0 CHECK (command BETWEEN 0 AND 4294967295),
  refused {integer} NOT NULL DEFAULT 0 CHECK (refused >= 0), -- when the card had no use for the command
  confirmed {integer} NOT NULL DEFAULT 0 CHECK (confirmed >= 0),
  paid {integer} NOT NULL DEFAULT 0 CHECK (paid BETWEEN 0 AND 2),
  amount {integer} NOT NULL DEFAULT 0 CHECK (amount >= 0),
  due {integer} NOT NULL DEFAULT 0 CHECK (due BETWEEN 0 AND amount),
  CHECK ((revoked = 0) = (revoked_by = 0)),
  CHECK (revoked > 0 OR reason = 0),
  -- What is held may be let go: the card's key stays.
  CHECK (command = 0 OR (revoked > 0 AND reason <> 6)),
  CHECK (refused = 0 OR (revoked > 0 AND reason <> 6 AND confirmed = 0)),
  CHECK (confirmed = 0 OR command > 0),
  CHECK (confirmed > 0 OR (paid = 0 AND amount = 0)),
  CHECK (due = 0 OR paid = 1)
) {rowed};
CREATE INDEX user_certificates_device ON user_certificates (device, number);
CREATE INDEX user_certificates_key ON user_certificates (public_key);
CREATE INDEX user_certificates_good ON user_certificates (device) WHERE revoked = 0;
CREATE INDEX user_certificates_revoked ON user_certificates (number) WHERE revoked > 0;
CREATE UNIQUE INDEX user_certificates_command ON user_certificates (device, command) WHERE command > 0;
CREATE INDEX user_certificates_waiting ON user_certificates (device)
  WHERE revoked > 0 AND reason <> 6 AND confirmed = 0 AND refused = 0;
CREATE INDEX user_certificates_due ON user_certificates (device) WHERE due > 0;

-- What was signed of a revocation (figure 6): 1 the holder's request, 2 a command, 3 the card's confirmation.
CREATE TABLE revocation_papers (
  certificate {integer} NOT NULL REFERENCES user_certificates (number),
  kind {integer} NOT NULL CHECK (kind BETWEEN 1 AND 3),
  hash {bytes} NOT NULL CHECK (length(hash) = 32), -- SHA-256
  time {integer} NOT NULL CHECK (time >= 0),
  content {bytes} NOT NULL CHECK (length(content) BETWEEN 1 AND 8192),
  PRIMARY KEY (certificate, kind, hash)
) {keyed};
CREATE UNIQUE INDEX revocation_papers_one ON revocation_papers (certificate, kind) WHERE kind <> 2;

-- Applications for credit, and the lines that came of them (figure 8).
CREATE TABLE credit_lines (
  id {identity},
  device {integer} NOT NULL REFERENCES devices (device),
  account {integer} NOT NULL REFERENCES accounts (id),
  holder {integer} NOT NULL REFERENCES user_certificates (number),
  asked {integer} NOT NULL CHECK (asked BETWEEN 1 AND 1000000000000),
  amount {integer} NOT NULL DEFAULT 0 CHECK (amount BETWEEN 0 AND asked),
  time {integer} NOT NULL CHECK (time >= 0),
  decided {integer} NOT NULL DEFAULT 0 CHECK (decided >= 0),
  status {integer} NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 2), -- certificate.def
  certificate {integer} UNIQUE CHECK (certificate BETWEEN 1 AND 4294967295),
  valid_from {integer} NOT NULL DEFAULT 0 CHECK (valid_from >= 0),
  valid_until {integer} NOT NULL DEFAULT 0 CHECK (valid_until >= valid_from),
  revoked {integer} NOT NULL DEFAULT 0 CHECK (revoked >= 0),
  blocked {integer} NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1)),
  settled {integer} NOT NULL DEFAULT 0 CHECK (settled BETWEEN 0 AND amount),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  purpose TEXT NOT NULL CHECK (length(purpose) <= 64), -- what it may be used for
  why TEXT NOT NULL DEFAULT '' CHECK (length(why) <= 128),
  application_hash {bytes} NOT NULL UNIQUE CHECK (length(application_hash) = 32),
  application {bytes} NOT NULL CHECK (length(application) BETWEEN 1 AND 8192),
  hash {bytes} UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the certificate
  der {bytes} CHECK (length(der) BETWEEN 1 AND 1280),
  CHECK ((status = 0) = (decided = 0)),
  CHECK ((status = 1) = (amount > 0)),
  CHECK ((status = 1) = (certificate IS NOT NULL)),
  CHECK ((status = 2) = (why <> '')),
  CHECK ((hash IS NULL) = (der IS NULL)),
  CHECK ((hash IS NULL) = (valid_until = 0)),
  CHECK (hash IS NULL OR status = 1),
  CHECK (revoked = 0 OR status = 1),
  CHECK (hash IS NOT NULL OR (blocked = 0 AND settled = 0))
) {rowed};
CREATE INDEX credit_lines_holder ON credit_lines (account, name);
CREATE INDEX credit_lines_device ON credit_lines (device, id);
CREATE INDEX credit_lines_open ON credit_lines (id) WHERE status = 0;

-- Who was paid from lines of credit.
CREATE TABLE payees (
  id {identity},
  name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64)
) {rowed};

-- Payment certificates that were settled (figure 9): each number of a line once, in one chain.
CREATE TABLE payments (
  line {integer} NOT NULL REFERENCES credit_lines (id),
  sequence {integer} NOT NULL CHECK (sequence BETWEEN 1 AND 4294967295),
  hash {bytes} NOT NULL UNIQUE CHECK (length(hash) = 32),
  previous {bytes} NOT NULL CHECK (length(previous) = 32),
  amount {integer} NOT NULL CHECK (amount > 0),
  remaining {integer} NOT NULL CHECK (remaining >= 0),
  made {integer} NOT NULL CHECK (made >= 0),
  expiry {integer} NOT NULL CHECK (expiry >= made),
  time {integer} NOT NULL CHECK (time >= 0),
  payee {integer} NOT NULL REFERENCES payees (id),
  movement {integer} NOT NULL UNIQUE REFERENCES movements (id),
  content {bytes} NOT NULL CHECK (length(content) BETWEEN 1 AND 8192),
  PRIMARY KEY (line, sequence)
) {rowed};

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
CREATE TRIGGER payees_books AFTER INSERT ON payees BEGIN
  INSERT INTO books (kind, owner, least) VALUES (7, new.id, 0);
END;
{end}
{only postgresql}
CREATE FUNCTION open_payee_book() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO books (kind, owner, least) VALUES (7, NEW.id, 0);
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
CREATE TRIGGER payees_books AFTER INSERT ON payees FOR EACH ROW EXECUTE FUNCTION open_payee_book();
{end}

-- Serial numbers are one sequence; what was issued stays as it was; a revocation is undone only where it was a hold.
{only sqlite}
CREATE TRIGGER user_certificates_number BEFORE INSERT ON user_certificates
  WHEN new.number > (SELECT last FROM serial_numbers WHERE kind = 1) OR
    EXISTS (SELECT 1 FROM certificates WHERE number = new.number) OR
    EXISTS (SELECT 1 FROM user_certificates WHERE number = new.number)
BEGIN
  SELECT RAISE(ABORT, 'a serial number is handed out once');
END;
CREATE TRIGGER certificates_number BEFORE INSERT ON certificates
  WHEN EXISTS (SELECT 1 FROM user_certificates WHERE number = new.number)
BEGIN
  SELECT RAISE(ABORT, 'a serial number is handed out once');
END;
CREATE TRIGGER user_certificates_kept BEFORE UPDATE ON user_certificates
  WHEN new.number <> old.number OR new.device <> old.device OR new.request <> old.request OR new.slot <> old.slot OR
    new.purpose <> old.purpose OR new.valid_from <> old.valid_from OR new.valid_until <> old.valid_until OR
    new.name <> old.name OR new.public_key <> old.public_key OR new.der <> old.der OR
    (old.revoked > 0 AND old.reason <> 6 AND (new.revoked <> old.revoked OR new.reason <> old.reason OR
      new.revoked_by <> old.revoked_by)) OR
    (old.confirmed > 0 AND (new.confirmed <> old.confirmed OR new.command <> old.command OR new.paid <> old.paid OR
      new.amount <> old.amount OR new.due > old.due))
BEGIN
  SELECT RAISE(ABORT, 'a certificate is never changed');
END;
CREATE TRIGGER user_certificates_stay BEFORE DELETE ON user_certificates BEGIN
  SELECT RAISE(ABORT, 'a certificate is never removed');
END;
CREATE TRIGGER revocation_papers_kept BEFORE UPDATE ON revocation_papers BEGIN
  SELECT RAISE(ABORT, 'evidence is never changed');
END;
CREATE TRIGGER revocation_papers_stay BEFORE DELETE ON revocation_papers BEGIN
  SELECT RAISE(ABORT, 'evidence is never removed');
END;
CREATE TRIGGER revocation_papers_replaced BEFORE INSERT ON revocation_papers
  WHEN EXISTS (SELECT 1 FROM revocation_papers WHERE certificate = new.certificate AND kind = new.kind AND
    (kind <> 2 OR hash = new.hash))
BEGIN
  SELECT RAISE(ABORT, 'evidence is never changed');
END;
CREATE TRIGGER serial_numbers_up BEFORE UPDATE ON serial_numbers WHEN new.last < old.last OR new.kind <> old.kind BEGIN
  SELECT RAISE(ABORT, 'a serial number is handed out once');
END;
{end}
{only postgresql}
CREATE FUNCTION number_user_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.number > (SELECT last FROM serial_numbers WHERE kind = 1) OR
      EXISTS (SELECT 1 FROM certificates WHERE number = NEW.number) THEN
    RAISE EXCEPTION 'a serial number is handed out once' USING ERRCODE = '23000';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION number_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM user_certificates WHERE number = NEW.number) THEN
    RAISE EXCEPTION 'a serial number is handed out once' USING ERRCODE = '23000';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER user_certificates_number BEFORE INSERT ON user_certificates FOR EACH ROW
  EXECUTE FUNCTION number_user_certificate();
CREATE TRIGGER certificates_number BEFORE INSERT ON certificates FOR EACH ROW EXECUTE FUNCTION number_certificate();
CREATE TRIGGER user_certificates_kept BEFORE UPDATE ON user_certificates FOR EACH ROW
  WHEN (NEW.number <> OLD.number OR NEW.device <> OLD.device OR NEW.request <> OLD.request OR NEW.slot <> OLD.slot OR
    NEW.purpose <> OLD.purpose OR NEW.valid_from <> OLD.valid_from OR NEW.valid_until <> OLD.valid_until OR
    NEW.name <> OLD.name OR NEW.public_key <> OLD.public_key OR NEW.der <> OLD.der OR
    (OLD.revoked > 0 AND OLD.reason <> 6 AND (NEW.revoked <> OLD.revoked OR NEW.reason <> OLD.reason OR
      NEW.revoked_by <> OLD.revoked_by)) OR
    (OLD.confirmed > 0 AND (NEW.confirmed <> OLD.confirmed OR NEW.command <> OLD.command OR NEW.paid <> OLD.paid OR
      NEW.amount <> OLD.amount OR NEW.due > OLD.due)))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER user_certificates_stay BEFORE DELETE ON user_certificates FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER user_certificates_all BEFORE TRUNCATE ON user_certificates EXECUTE FUNCTION refuse_change();
CREATE TRIGGER revocation_papers_kept BEFORE UPDATE OR DELETE ON revocation_papers FOR EACH ROW
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER revocation_papers_stay BEFORE TRUNCATE ON revocation_papers EXECUTE FUNCTION refuse_change();
CREATE TRIGGER serial_numbers_up BEFORE UPDATE ON serial_numbers FOR EACH ROW
  WHEN (NEW.last < OLD.last OR NEW.kind <> OLD.kind) EXECUTE FUNCTION refuse_change();
{end}

-- What a line has settled is the sum of its payments; each was moved in the ledger, and fits its neighbours.
{only sqlite}
CREATE TRIGGER payments_chain BEFORE INSERT ON payments
  WHEN NOT EXISTS (
    SELECT 1 FROM credit_lines l JOIN movements m ON m.id = new.movement WHERE l.id = new.line AND l.blocked = 0 AND
      l.revoked = 0 AND new.amount + new.remaining <= l.amount AND
      (new.sequence > 1 OR new.amount + new.remaining = l.amount) AND new.made BETWEEN l.valid_from AND l.valid_until AND
      m.kind = 10 AND m.amount = new.amount AND m.from_owner = l.account AND m.to_owner = new.payee AND
      m.device = l.device) OR
    EXISTS (SELECT 1 FROM payments p WHERE p.line = new.line AND p.sequence = new.sequence) OR
    EXISTS (SELECT 1 FROM payments p WHERE p.line = new.line AND p.sequence = (
      SELECT max(sequence) FROM payments WHERE line = new.line AND sequence < new.sequence) AND
      (p.remaining < new.amount + new.remaining OR (p.sequence = new.sequence - 1 AND
        (p.hash <> new.previous OR p.remaining <> new.amount + new.remaining)))) OR
    EXISTS (SELECT 1 FROM payments p WHERE p.line = new.line AND p.sequence = (
      SELECT min(sequence) FROM payments WHERE line = new.line AND sequence > new.sequence) AND
      (new.remaining < p.amount + p.remaining OR (p.sequence = new.sequence + 1 AND
        (p.previous <> new.hash OR new.remaining <> p.amount + p.remaining))))
BEGIN
  SELECT RAISE(ABORT, 'a payment fits its line, its movement and its neighbours');
END;
CREATE TRIGGER payments_made AFTER INSERT ON payments BEGIN
  UPDATE credit_lines SET settled = settled + new.amount WHERE id = new.line;
END;
CREATE TRIGGER payments_kept BEFORE UPDATE ON payments BEGIN
  SELECT RAISE(ABORT, 'a payment is never changed');
END;
CREATE TRIGGER payments_stay BEFORE DELETE ON payments BEGIN
  SELECT RAISE(ABORT, 'a payment is never removed');
END;
CREATE TRIGGER credit_lines_kept BEFORE UPDATE ON credit_lines
  WHEN new.id <> old.id OR new.device <> old.device OR new.account <> old.account OR new.holder <> old.holder OR
    new.application <> old.application OR new.application_hash <> old.application_hash OR new.asked <> old.asked OR
    new.blocked < old.blocked OR (old.revoked > 0 AND new.revoked <> old.revoked) OR
    (old.status > 0 AND (new.status <> old.status OR new.amount <> old.amount OR
      new.certificate IS NOT old.certificate)) OR
    (old.hash IS NOT NULL AND (new.hash IS NOT old.hash OR new.der IS NOT old.der OR
      new.valid_from <> old.valid_from OR new.valid_until <> old.valid_until)) OR
    (new.settled <> old.settled AND
      new.settled <> (SELECT coalesce(sum(amount), 0) FROM payments WHERE line = old.id))
BEGIN
  SELECT RAISE(ABORT, 'a line of credit is never changed');
END;
CREATE TRIGGER credit_lines_stay BEFORE DELETE ON credit_lines BEGIN
  SELECT RAISE(ABORT, 'a line of credit is never removed');
END;
CREATE TRIGGER credit_lines_empty BEFORE INSERT ON credit_lines
  WHEN new.settled <> 0 OR EXISTS (SELECT 1 FROM credit_lines WHERE id = new.id)
BEGIN
  SELECT RAISE(ABORT, 'a line of credit begins with nothing');
END;
CREATE TRIGGER payees_kept BEFORE UPDATE ON payees BEGIN
  SELECT RAISE(ABORT, 'a payee is never changed');
END;
CREATE TRIGGER payees_stay BEFORE DELETE ON payees BEGIN
  SELECT RAISE(ABORT, 'a payee is never removed');
END;
{end}
{only postgresql}
CREATE FUNCTION chain_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM credit_lines l JOIN movements m ON m.id = NEW.movement WHERE l.id = NEW.line AND l.blocked = 0 AND
      l.revoked = 0 AND NEW.amount + NEW.remaining <= l.amount AND
      (NEW.sequence > 1 OR NEW.amount + NEW.remaining = l.amount) AND NEW.made BETWEEN l.valid_from AND l.valid_until AND
      m.kind = 10 AND m.amount = NEW.amount AND m.from_owner = l.account AND m.to_owner = NEW.payee AND
      m.device = l.device) OR
    EXISTS (SELECT 1 FROM payments p WHERE p.line = NEW.line AND p.sequence = (
      SELECT max(sequence) FROM payments WHERE line = NEW.line AND sequence < NEW.sequence) AND
      (p.remaining < NEW.amount + NEW.remaining OR (p.sequence = NEW.sequence - 1 AND
        (p.hash <> NEW.previous OR p.remaining <> NEW.amount + NEW.remaining)))) OR
    EXISTS (SELECT 1 FROM payments p WHERE p.line = NEW.line AND p.sequence = (
      SELECT min(sequence) FROM payments WHERE line = NEW.line AND sequence > NEW.sequence) AND
      (NEW.remaining < p.amount + p.remaining OR (p.sequence = NEW.sequence + 1 AND
        (p.previous <> NEW.hash OR NEW.remaining <> p.amount + p.remaining)))) THEN
    RAISE EXCEPTION 'a payment fits its line, its movement and its neighbours' USING ERRCODE = '23000';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION make_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE credit_lines SET settled = settled + NEW.amount WHERE id = NEW.line;
  RETURN NULL;
END $$;
CREATE FUNCTION keep_credit_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.device <> OLD.device OR NEW.account <> OLD.account OR NEW.holder <> OLD.holder OR
    NEW.application <> OLD.application OR NEW.application_hash <> OLD.application_hash OR NEW.asked <> OLD.asked OR
    NEW.blocked < OLD.blocked OR (OLD.revoked > 0 AND NEW.revoked <> OLD.revoked) OR
    (OLD.status > 0 AND (NEW.status <> OLD.status OR NEW.amount <> OLD.amount OR
      NEW.certificate IS DISTINCT FROM OLD.certificate)) OR
    (OLD.hash IS NOT NULL AND (NEW.hash IS DISTINCT FROM OLD.hash OR NEW.der IS DISTINCT FROM OLD.der OR
      NEW.valid_from <> OLD.valid_from OR NEW.valid_until <> OLD.valid_until)) OR
    (NEW.settled <> OLD.settled AND
      NEW.settled <> (SELECT coalesce(sum(amount), 0) FROM payments WHERE line = OLD.id)) THEN
    RAISE EXCEPTION 'a line of credit is never changed' USING ERRCODE = '23000';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_chain BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION chain_payment();
CREATE TRIGGER payments_made AFTER INSERT ON payments FOR EACH ROW EXECUTE FUNCTION make_payment();
CREATE TRIGGER payments_kept BEFORE UPDATE OR DELETE ON payments FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_stay BEFORE TRUNCATE ON payments EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_lines_kept BEFORE UPDATE ON credit_lines FOR EACH ROW EXECUTE FUNCTION keep_credit_line();
CREATE TRIGGER credit_lines_stay BEFORE DELETE ON credit_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_lines_all BEFORE TRUNCATE ON credit_lines EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_lines_empty BEFORE INSERT ON credit_lines FOR EACH ROW WHEN (NEW.settled <> 0)
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payees_kept BEFORE UPDATE OR DELETE ON payees FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payees_stay BEFORE TRUNCATE ON payees EXECUTE FUNCTION refuse_change();
{end}
