/* Commands that revoke (608), on their way to the card, and what it confirms (622). */
#include <string.h>

#include "authority/desk.h"

/* A card whose counter is above ours, because our database is older than it, takes a number so far above. */
#define NUMBERS_LEFT_OUT 64U

typedef struct paper {
  uint8_t *content;
  size_t capacity, *length;
} paper;

static psd_db_result take_paper(psd_db *db, psd_sql sql, void *row) {
  const paper *at = row;
  return psd_column_block(db, sql, 0, at->content, at->capacity, at->length);
}

/* The holder's, or none. */
static psd_db_result request_of(psd_db *db, uint32_t number, uint8_t *request, size_t capacity, size_t *length) {
  paper at = {request, capacity, length};
  psd_value values[] = {psd_value_number(number), psd_value_number(PSD_PAPER_REQUEST)};
  *length = 0;
  psd_db_result result = psd_sql_row(db, PSD_SQL_PAPER_GET, values, 2, take_paper, &at);
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

static psd_db_result give_number(psd_db *db, const psd_ca_certificate *certificate, uint32_t above, uint32_t *number) {
  int64_t device = 0;
  uint64_t last = 0;
  (void)psd_device_number(certificate->device, &device);
  psd_value whose[] = {psd_value_number(device)};
  psd_db_result result = psd_desk_number(db, PSD_SQL_COMMAND_LAST, whose, 1, &last);
  if (result == PSD_DB_DONE && last + above > UINT32_MAX)
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(certificate->number), psd_value_number((int64_t)(last + above))};
  if (result == PSD_DB_DONE)
    result = psd_desk_change(db, PSD_SQL_COMMAND_NUMBER, values, 2);
  *number = (uint32_t)(last + above);
  return result;
}

static psd_db_result complete(psd_db *db, psd_ca_certificate *certificate, uint8_t *request, size_t capacity,
                              size_t *length) {
  psd_db_result result = PSD_DB_DONE;
  if (certificate->command == 0)
    result = give_number(db, certificate, 1, &certificate->command);
  return result == PSD_DB_DONE ? request_of(db, certificate->number, request, capacity, length) : result;
}

psd_db_result psd_ca_command_next(psd_db *db, const uint8_t device[8], psd_ca_certificate *certificate,
                                  uint8_t *request, size_t capacity, size_t *request_length) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(key)};
  psd_db_result result = psd_sql_row(db, PSD_SQL_COMMAND_NEXT, values, 1, psd_desk_take_certificate, certificate);
  return result == PSD_DB_DONE ? complete(db, certificate, request, capacity, request_length) : result;
}

psd_db_result psd_ca_command_of(psd_db *db, const uint8_t device[8], uint32_t number, psd_ca_certificate *certificate,
                                uint8_t *request, size_t capacity, size_t *request_length) {
  psd_db_result result = psd_ca_certificate_get(db, number, certificate);
  if (result == PSD_DB_DONE && (memcmp(certificate->device, device, sizeof certificate->device) != 0 ||
                                certificate->revoked == 0 || certificate->reason == PSD_REASON_HOLD))
    return PSD_DB_ABSENT;
  return result == PSD_DB_DONE ? complete(db, certificate, request, capacity, request_length) : result;
}

psd_db_result psd_ca_commanded(psd_db *db, uint32_t number, psd_proof_bytes command, uint64_t time) {
  psd_ca_certificate certificate;
  psd_db_result result = psd_ca_certificate_get(db, number, &certificate);
  if (result == PSD_DB_DONE && certificate.command == 0)
    return PSD_DB_REFUSED;
  return result == PSD_DB_DONE ? psd_desk_keep(db, number, PSD_PAPER_COMMAND, command, time) : result;
}

psd_db_result psd_ca_command_refused(psd_db *db, uint32_t number, bool renumber, uint64_t time) {
  psd_ca_certificate certificate;
  uint32_t command = 0;
  psd_db_result result = psd_ca_certificate_get(db, number, &certificate);
  if (result != PSD_DB_DONE || certificate.confirmed != 0 || certificate.refused != 0)
    return result;
  if (certificate.command == 0 || time == 0 || time > INT64_MAX)
    return PSD_DB_REFUSED;
  if (renumber)
    return give_number(db, &certificate, NUMBERS_LEFT_OUT, &command);
  psd_value values[] = {psd_value_number(number), psd_value_number((int64_t)time)};
  return psd_desk_change(db, PSD_SQL_COMMAND_REFUSED, values, 2);
}

/* What the card says is what it was told; where its commands were kept, it answers one of them. */
static psd_db_result answers(psd_db *db, const psd_ca_certificate *certificate,
                             const psd_proof_revocation *confirmation, bool *fits) {
  uint64_t kept = 0, ours = 0;
  psd_value values[] = {psd_value_number(certificate->number), psd_value_number(PSD_PAPER_COMMAND),
                        psd_value_bytes(confirmation->answered, sizeof confirmation->answered)};
  *fits = certificate->command != 0 && certificate->command == confirmation->number &&
          memcmp(certificate->device, confirmation->device, sizeof certificate->device) == 0 &&
          certificate->reason == confirmation->reason && psd_confirmed_row(confirmation->confirmed)->name != NULL &&
          confirmation->amount <= PSD_CREDIT_MOST;
  if (!*fits)
    return PSD_DB_DONE;
  psd_db_result result = psd_desk_papers(db, certificate->number, PSD_PAPER_COMMAND, &kept);
  if (result == PSD_DB_DONE && kept != 0)
    result = psd_desk_number(db, PSD_SQL_PAPER_HAS, values, 3, &ours);
  *fits = result == PSD_DB_DONE && (kept == 0 || ours != 0);
  return result;
}

static psd_db_result enter(psd_db *db, const psd_ca_certificate *certificate, const psd_proof_revocation *confirmation,
                           psd_proof_bytes cms, uint64_t time) {
  int64_t device = 0;
  uint64_t due = confirmation->confirmed == PSD_CONFIRMED_DUE ? confirmation->amount : 0;
  (void)psd_device_number(certificate->device, &device);
  psd_value values[] = {psd_value_number(certificate->number), psd_value_number((int64_t)time),
                        psd_value_number((int64_t)confirmation->confirmed),
                        psd_value_number((int64_t)confirmation->amount), psd_value_number((int64_t)due)};
  psd_value overtaken[] = {psd_value_number(device), psd_value_number(certificate->command)};
  psd_db_result result = psd_desk_change(db, PSD_SQL_COMMAND_CONFIRMED, values, 5);
  if (result == PSD_DB_DONE)
    result = psd_sql_run(db, PSD_SQL_COMMAND_NEEDLESS, values, 2, NULL);
  if (result == PSD_DB_DONE)
    result = psd_sql_run(db, PSD_SQL_COMMAND_OVERTAKEN, overtaken, 2, NULL);
  return result == PSD_DB_DONE ? psd_desk_keep(db, certificate->number, PSD_PAPER_CONFIRMATION, cms, time) : result;
}

psd_db_result psd_ca_confirmed(psd_db *db, const psd_proof_revocation *confirmation, psd_proof_bytes cms,
                               uint64_t time) {
  psd_ca_certificate certificate;
  bool fits = false;
  if (confirmation->certificate == 0 || confirmation->certificate > UINT32_MAX || time == 0 || time > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_db_result result = psd_ca_certificate_get(db, (uint32_t)confirmation->certificate, &certificate);
  if (result == PSD_DB_ABSENT)
    return PSD_DB_REFUSED;
  if (result == PSD_DB_DONE)
    result = answers(db, &certificate, confirmation, &fits);
  if (result == PSD_DB_DONE && !fits)
    return PSD_DB_REFUSED;
  return result != PSD_DB_DONE || certificate.confirmed != 0 ? result
                                                             : enter(db, &certificate, confirmation, cms, time);
}
