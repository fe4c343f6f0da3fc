/* Whether credit is given (804), and what becomes of the line. */
#include <stdio.h>
#include <string.h>

#include "authority/credit.h"

/* What is against it, whatever the amount (806); NULL for nothing. */
static const char *objection(const psd_credit_row *line, const psd_ca_certificate *holder, uint64_t time) {
  if (memcmp(holder->device, line->device, sizeof holder->device) != 0)
    return "the certificate that signed is of another meter";
  if (holder->purpose != PSD_PURPOSE_USER)
    return "the certificate that signed is not a user's";
  if (holder->revoked != 0)
    return "the certificate that signed is revoked";
  if (time < holder->from || time >= holder->until)
    return "the certificate that signed is not valid";
  return NULL;
}

static psd_db_result object(psd_db *db, const psd_credit_row *line, uint64_t time, const char **why,
                            psd_ca_certificate *holder) {
  psd_db_result result = psd_ca_certificate_get(db, line->holder, holder);
  *why = result == PSD_DB_DONE ? objection(line, holder, time) : NULL;
  return result == PSD_DB_ABSENT ? PSD_DB_REFUSED : result; /* not one that we have issued */
}

/* What he has been granted, with what he asks for, is within the limit; and his account is in order. */
static psd_db_result within(psd_db *db, const psd_credit_row *line, uint64_t most, bool *good) {
  uint64_t held = 0, suspended = 0;
  psd_value account[] = {psd_value_number(line->account)};
  psd_value holder[] = {psd_value_number(line->account), psd_value_text(line->name),
                        psd_value_number((int64_t)line->time)};
  psd_db_result result = psd_desk_number(db, PSD_SQL_ACCOUNT_SUSPENDED, account, 1, &suspended);
  if (result == PSD_DB_DONE)
    result = psd_desk_number(db, PSD_SQL_CREDIT_HELD, holder, 3, &held);
  *good = result == PSD_DB_DONE && suspended == 0 && held <= most && line->asked <= most - held;
  return result;
}

static psd_db_result decide(psd_db *db, psd_credit_row *line, uint64_t most) {
  psd_ca_certificate holder;
  const char *why = NULL;
  bool good = false;
  psd_db_result result = object(db, line, line->time, &why, &holder);
  if (result != PSD_DB_DONE)
    return result;
  memcpy(line->name, holder.name, sizeof line->name);
  line->status = PSD_AUTHORITY_PENDING;
  if (why != NULL) {
    line->status = PSD_AUTHORITY_REJECTED;
    (void)snprintf(line->why, sizeof line->why, "%s", why);
  } else {
    result = within(db, line, most, &good);
  }
  if (result == PSD_DB_DONE && good) {
    line->status = PSD_AUTHORITY_ACCEPTED;
    line->amount = line->asked;
    result = psd_db_certificate_number(db, &line->certificate);
  }
  line->decided = line->status == PSD_AUTHORITY_PENDING ? 0 : line->time;
  return result;
}

static psd_db_result add(psd_db *db, psd_credit_row *line, const uint8_t hash[32], psd_proof_bytes application) {
  int64_t device = 0;
  (void)psd_device_number(line->device, &device);
  psd_value values[] = {psd_value_number(device),
                        psd_value_number(line->account),
                        psd_value_number(line->holder),
                        psd_value_number((int64_t)line->asked),
                        psd_value_number((int64_t)line->amount),
                        psd_value_number((int64_t)line->time),
                        psd_value_number((int64_t)line->decided),
                        psd_value_number((int64_t)line->status),
                        psd_value_number(line->certificate),
                        psd_value_text(line->name),
                        psd_value_text(line->use),
                        psd_value_text(line->why),
                        psd_value_bytes(hash, 32),
                        psd_value_bytes(application.data, application.length)};
  return psd_sql_row(db, PSD_SQL_CREDIT_ADD, values, 14, psd_take_number, &line->id);
}

psd_db_result psd_credit_applied(psd_db *db, psd_credit_row *line, psd_proof_bytes application, uint64_t most) {
  uint8_t hash[32];
  psd_meter_row meter;
  if (line->asked == 0 || line->asked > PSD_CREDIT_MOST || line->time == 0 || line->time > INT64_MAX ||
      !psd_desk_text_fits(line->use, sizeof line->use) || application.length == 0 ||
      application.length > PSD_CA_PAPER_MAX)
    return PSD_DB_REFUSED;
  psd_db_result result = psd_desk_hash(db, application, hash);
  psd_value values[] = {psd_value_bytes(hash, sizeof hash)};
  if (result == PSD_DB_DONE)
    result = psd_sql_row(db, PSD_SQL_CREDIT_FIND, values, 1, psd_desk_take_credit, line);
  if (result != PSD_DB_ABSENT)
    return result;
  result = psd_desk_meter(db, line->device, &meter);
  if (result == PSD_DB_DONE && meter.device.account == 0)
    return PSD_DB_REFUSED;
  line->account = result == PSD_DB_DONE ? meter.device.account : 0;
  line->amount = line->from = line->until = line->revoked = line->settled = 0;
  line->certificate = 0;
  line->blocked = false;
  line->length = 0;
  line->why[0] = '\0';
  memset(line->hash, 0, sizeof line->hash);
  if (result == PSD_DB_DONE)
    result = decide(db, line, most);
  return result == PSD_DB_DONE ? add(db, line, hash, application) : result;
}

psd_db_result psd_credit_approve(psd_db *db, int64_t id, uint64_t amount, uint64_t time) {
  psd_credit_row line;
  psd_ca_certificate holder;
  const char *why = NULL;
  uint32_t number = 0;
  psd_db_result result = psd_credit_get(db, id, &line);
  if (result != PSD_DB_DONE)
    return result;
  if (line.status != PSD_AUTHORITY_PENDING || amount == 0 || amount > line.asked || time == 0 || time > INT64_MAX)
    return PSD_DB_REFUSED;
  result = object(db, &line, time, &why, &holder);
  if (result == PSD_DB_DONE && why != NULL)
    return PSD_DB_REFUSED;
  if (result == PSD_DB_DONE)
    result = psd_db_certificate_number(db, &number);
  psd_value values[] = {psd_value_number(id), psd_value_number((int64_t)amount), psd_value_number((int64_t)time),
                        psd_value_number(number)};
  return result == PSD_DB_DONE ? psd_desk_change(db, PSD_SQL_CREDIT_APPROVE, values, 4) : result;
}

psd_db_result psd_credit_reject(psd_db *db, int64_t id, const char *why, uint64_t time) {
  psd_credit_row line;
  psd_value values[] = {psd_value_number(id), psd_value_number((int64_t)time), psd_value_text(why)};
  if (!psd_name_valid(why, sizeof line.why - 1) || time == 0 || time > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_db_result result = psd_credit_get(db, id, &line);
  return result == PSD_DB_DONE ? psd_desk_change(db, PSD_SQL_CREDIT_REJECT, values, 3) : result;
}

psd_db_result psd_credit_issued(psd_db *db, int64_t id, psd_proof_bytes der, uint64_t from, uint64_t until,
                                uint64_t time) {
  psd_credit_row line;
  uint8_t hash[32];
  psd_db_result result = psd_credit_get(db, id, &line);
  if (result != PSD_DB_DONE)
    return result;
  if (line.status != PSD_AUTHORITY_ACCEPTED || line.revoked != 0 || der.length == 0 || der.length > sizeof line.der ||
      until <= from || until <= time || until > INT64_MAX)
    return PSD_DB_REFUSED;
  if (line.length != 0)
    return line.length == der.length && memcmp(line.der, der.data, der.length) == 0 ? PSD_DB_DONE : PSD_DB_EXISTS;
  result = psd_desk_hash(db, der, hash);
  psd_value values[] = {psd_value_number(id), psd_value_bytes(hash, sizeof hash), psd_value_bytes(der.data, der.length),
                        psd_value_number((int64_t)from), psd_value_number((int64_t)until)};
  return result == PSD_DB_DONE ? psd_desk_change(db, PSD_SQL_CREDIT_ISSUED, values, 5) : result;
}

psd_db_result psd_credit_revoke(psd_db *db, int64_t id, uint64_t time) {
  psd_credit_row line;
  psd_value values[] = {psd_value_number(id), psd_value_number((int64_t)time)};
  if (time == 0 || time > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_db_result result = psd_credit_get(db, id, &line);
  return result == PSD_DB_DONE ? psd_desk_change(db, PSD_SQL_CREDIT_REVOKE, values, 2) : result;
}
