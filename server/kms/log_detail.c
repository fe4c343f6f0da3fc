#include "kms/log_detail.h"

#include "kms/archive.h"

/* The name of the number of a record; NULL where it has parts of its own, or none. */
static const char *name_of(uint64_t event) {
  switch (event) {
  case PSD_KMS_EVENT_TOKEN_MADE:
    return NULL;
  case PSD_KMS_EVENT_TOKEN_REGISTERED:
  case PSD_KMS_EVENT_TOKEN_REFUSED:
    return "licence";
  case PSD_KMS_EVENT_RATES_SIGNED:
    return "version";
  case PSD_KMS_EVENT_DAY_EXPORTED:
    return "date";
  case PSD_KMS_EVENT_REVOKED:
    return "certificates";
  case PSD_KMS_EVENT_REQUESTED:
    return "request";
  case PSD_KMS_EVENT_ISSUED:
  case PSD_KMS_EVENT_REVOCATION:
  case PSD_KMS_EVENT_RESPONDER:
  case PSD_KMS_EVENT_CREDITED:
    return "certificate";
  default:
    return "sequence";
  }
}

static psd_kms_token token_of(const psd_kms_record *record) {
  psd_kms_token token = {.set = (uint32_t)record->key};
  psd_kms_token_details(record->sequence, &token);
  return token;
}

void psd_kms_say_detail(psd_text *text, const psd_kms_record *record) {
  const char *name = name_of(record->event);
  if (record->event == PSD_KMS_EVENT_RATES_SIGNED) {
    psd_say(text, ", ");
    psd_say_text(text, record->vendor, sizeof record->vendor);
  }
  if (record->event == PSD_KMS_EVENT_TOKEN_MADE) {
    psd_kms_token token = token_of(record);
    const char *order = psd_token_order_name(token.order);
    psd_say(text, ", pointer %u, order %s, %u digits", token.pointer, order != NULL ? order : "?", token.digits);
  } else if (name != NULL && (record->sequence != 0 || record->event == PSD_KMS_EVENT_REVOKED)) {
    psd_say(text, ", %s %lu", record->event <= PSD_KMS_EVENT_CERTIFIED ? "number" : name,
            (unsigned long)record->sequence);
  }
}

static void json_token(psd_json *out, const psd_kms_record *record) {
  psd_kms_token token = token_of(record);
  const char *order = psd_token_order_name(token.order);
  psd_json_number(out, "pointer", token.pointer);
  psd_json_string(out, "order", order != NULL ? order : "");
  psd_json_number(out, "digits", token.digits);
}

void psd_kms_json_detail(psd_json *out, const psd_kms_record *record) {
  static const uint8_t none[PSD_HASH] = {0};
  const char *name = name_of(record->event);
  if (record->event == PSD_KMS_EVENT_RATES_SIGNED)
    psd_json_text(out, "country", record->vendor, sizeof record->vendor);
  if (record->event == PSD_KMS_EVENT_TOKEN_MADE)
    json_token(out, record);
  else if (name != NULL && record->sequence != 0)
    psd_json_number(out, name, record->sequence);
  if (!psd_secret_equal(record->digest, none, sizeof none))
    psd_json_hex(out, "digest", record->digest, sizeof record->digest);
}
