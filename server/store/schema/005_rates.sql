-- Rate tables, and the certificates of PSDs.

-- The highest version that the PSD has, and the highest that it has refused: neither is sent again.
ALTER TABLE devices ADD COLUMN rates {integer} NOT NULL DEFAULT 0 CHECK (rates BETWEEN 0 AND 4294967295);
ALTER TABLE devices ADD COLUMN rates_refused {integer} NOT NULL DEFAULT 0
  CHECK (rates_refused BETWEEN 0 AND 4294967295);
-- How many PSDs have each version: counted without reading the PSDs.
CREATE INDEX devices_rates ON devices (rates);

-- Rates are no order any more: they are signed by themselves.
DELETE FROM orders WHERE action = 128;
UPDATE devices SET due = due & ~128 WHERE (due & 128) <> 0;

-- Certificates of before were not kept: one whose end nobody knows is renewed in the PSD's next session.
UPDATE devices SET certificate_until = 0 WHERE certificate_until <> 0;

-- Dates are YYYYMMDD; `signed` is the table with its signature.
CREATE TABLE rate_tables (
  version {integer} NOT NULL PRIMARY KEY CHECK (version BETWEEN 1 AND 4294967295),
  country TEXT NOT NULL CHECK (length(country) = 2),
  effective {integer} NOT NULL CHECK (effective BETWEEN 19700101 AND 99991231),
  expiry {integer} NOT NULL CHECK (expiry BETWEEN 19700101 AND 99991231),
  published {integer} NOT NULL CHECK (published >= 0),
  signed {bytes} NOT NULL CHECK (length(signed) BETWEEN 160 AND 2024),
  CHECK (effective < expiry)
) {rowed};

CREATE TABLE certificates (
  number {integer} NOT NULL PRIMARY KEY CHECK (number BETWEEN 1 AND 4294967295), -- its serial number
  device {integer} NOT NULL REFERENCES devices (device),
  valid_from {integer} NOT NULL CHECK (valid_from >= 0),
  valid_until {integer} NOT NULL CHECK (valid_until > valid_from),
  der {bytes} NOT NULL CHECK (length(der) BETWEEN 1 AND 1900),
  revoked {integer} NOT NULL DEFAULT 0 CHECK (revoked >= 0), -- when; 0 for not
  -- RFC 5280, 5.3.1: 5 cessationOfOperation, 6 certificateHold.
  reason {integer} NOT NULL DEFAULT 0 CHECK (reason IN (0, 5, 6)),
  CHECK ((revoked = 0) = (reason = 0))
) {rowed};
CREATE INDEX certificates_device ON certificates (device, number);
CREATE INDEX certificates_revoked ON certificates (number) WHERE revoked > 0;

-- Meters hold what was published, and evidence has its hash.
{only sqlite}
CREATE TRIGGER rate_tables_kept BEFORE UPDATE ON rate_tables BEGIN
  SELECT RAISE(ABORT, 'a rate table that was published is never changed');
END;
CREATE TRIGGER rate_tables_stay BEFORE DELETE ON rate_tables BEGIN
  SELECT RAISE(ABORT, 'a rate table that was published is never removed');
END;
{end}
{only postgresql}
CREATE TRIGGER rate_tables_kept BEFORE UPDATE OR DELETE ON rate_tables FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rate_tables_stay BEFORE TRUNCATE ON rate_tables EXECUTE FUNCTION refuse_change();
{end}
