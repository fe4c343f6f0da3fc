/* The certificate comes from the key management system (VM 518): it is kept before the card gets it. */
#include <string.h>

#include "authority/desk.h"
#include "crypto/x509.h"

/* CERTIFICATE_GRANT, the certificate, and the code that the card checks. */
static bool open_grant(const psd_ca_request *request, const uint8_t *grant, size_t length, psd_proof_bytes *der) {
  psd_certificate_grant head;
  uint8_t device[8];
  psd_cursor cursor = psd_cursor_over(grant, length);
  if (length > PSD_GRANT_MAX || !psd_take_message(&cursor, PSD_MESSAGE_CERTIFICATE_GRANT, &head) ||
      cursor.left <= PSD_HASH)
    return false;
  *der = (psd_proof_bytes){cursor.at, cursor.left - PSD_HASH};
  psd_buffer out = psd_buffer_over(device, sizeof device);
  psd_device_id id = {.serial = head.serial};
  memcpy(id.vendor, head.vendor, sizeof id.vendor);
  memcpy(id.model, head.model, sizeof id.model);
  psd_put_message(&out, PSD_MESSAGE_DEVICE_ID, &id);
  return memcmp(device, request->device, sizeof device) == 0 && head.slot == request->slot &&
         head.request == request->number;
}

typedef struct made {
  psd_proof_bytes der;
  psd_proof_signer says;
  uint8_t key[32]; /* SHA-256 of SubjectPublicKeyInfo */
} made;

/* The certificate in it is the one that was asked for. */
static bool read_certificate(const psd_ca_request *request, made *at) {
  psd_x509_holder holder;
  return psd_proof_read_certificate(at->der, &at->says) && at->says.number == request->certificate &&
         at->says.until <= INT64_MAX && at->says.until > at->says.from &&
         psd_x509_holder_of((psd_part){at->der.data, at->der.length}, &holder) &&
         psd_hash(&(psd_part){holder.key, holder.key_length}, 1, at->key);
}

static psd_db_result add(psd_db *db, const psd_ca_request *request, const made *at) {
  int64_t device = 0;
  (void)psd_device_number(request->device, &device);
  psd_value values[] = {psd_value_number(request->certificate),
                        psd_value_number(device),
                        psd_value_number(request->id),
                        psd_value_number(request->slot),
                        psd_value_number(request->purpose),
                        psd_value_number((int64_t)at->says.from),
                        psd_value_number((int64_t)at->says.until),
                        psd_value_text(request->name),
                        psd_value_bytes(at->key, sizeof at->key),
                        psd_value_bytes(at->der.data, at->der.length)};
  return psd_sql_run(db, PSD_SQL_USER_CERTIFICATE_ADD, values, 10, NULL);
}

/* The PSD was revoked, taken out of service or alarmed while the certificate was made: it shares its fate. */
static psd_db_result follow(psd_db *db, const psd_ca_request *request, uint64_t time) {
  psd_meter_row meter;
  psd_db_result result = psd_db_meter_find(db, request->device, &meter);
  if (result != PSD_DB_DONE)
    return result;
  if (meter.withdrawn)
    return psd_ca_revoke(db, request->certificate, PSD_REASON_CESSATION, PSD_CA_OPERATOR, (psd_proof_bytes){NULL, 0},
                         time);
  if (meter.device.revoked || meter.lock == PSD_METER_ALARMED)
    return psd_ca_revoke(db, request->certificate, PSD_REASON_HOLD,
                         meter.device.revoked ? PSD_CA_OPERATOR : PSD_CA_INSPECTION, (psd_proof_bytes){NULL, 0}, time);
  return PSD_DB_DONE;
}

psd_db_result psd_ca_issued(psd_db *db, int64_t id, const uint8_t *grant, size_t length, uint64_t time) {
  psd_ca_request request;
  made at = {.der = {NULL, 0}};
  psd_db_result result = psd_ca_request_get(db, id, &request);
  if (result != PSD_DB_DONE)
    return result;
  if (request.status != PSD_AUTHORITY_ACCEPTED || time > INT64_MAX || !open_grant(&request, grant, length, &at.der) ||
      !read_certificate(&request, &at))
    return PSD_DB_REFUSED;
  if (request.grant_length != 0)
    return request.grant_length == length && memcmp(request.grant, grant, length) == 0 ? PSD_DB_DONE : PSD_DB_EXISTS;
  psd_value values[] = {psd_value_number(id), psd_value_bytes(grant, length)};
  result = psd_desk_change(db, PSD_SQL_REQUEST_GRANT, values, 2);
  if (result == PSD_DB_DONE)
    result = add(db, &request, &at);
  return result == PSD_DB_DONE ? follow(db, &request, time) : result;
}
