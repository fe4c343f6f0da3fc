/* psd-verify postmark and signature: VM figure 4 without a card, so that nothing is paid (404 does not apply). */
#include <string.h>

#include "verify/commands.h"
#include "verify/document.h"

static const char *message_of(const psd_verify_options *options) {
  return options->paths[0];
}

static int end_with(const psd_verify_options *options, psd_json *json, const psd_finding *finding) {
  if (options->json) {
    psd_json_finding(json, finding);
    if (psd_finding_step(finding->result) != 0)
      psd_json_number(json, "step", psd_finding_step(finding->result));
    psd_json_end_object(json);
  } else
    psd_show_finding(finding);
  return finding->result == PSD_PROOF_HOLDS ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
}

static int tell_postmark(const psd_verify_options *options, const psd_proof_postmark *postmark,
                         const psd_finding *finding) {
  const psd_digest_row *digest = psd_digest_of(postmark->digest);
  psd_json json = psd_json_on(stdout);
  if (options->json) {
    psd_json_object(&json, NULL);
    psd_json_string(&json, "file", message_of(options));
    if (digest != NULL) {
      psd_json_number(&json, "number", postmark->number);
      psd_json_number(&json, "time", postmark->time);
      psd_json_number(&json, "tariff", postmark->tariff);
      psd_json_string(&json, "digest", digest->name);
      psd_json_hex(&json, "imprint", postmark->imprint, digest->size);
    }
    psd_json_signer(&json, "signer", &postmark->signer);
  } else if (digest != NULL) {
    psd_show_fact("file", message_of(options));
    psd_show_number("postmark", postmark->number);
    psd_show_time("made", postmark->time);
    psd_show_number("rate table", postmark->tariff);
    psd_show_signer(&postmark->signer);
  }
  return end_with(options, &json, finding);
}

static int check_postmark(const psd_verify_options *options, const psd_trust *trust, psd_proof_bytes token) {
  psd_proof_postmark postmark;
  psd_finding finding = {.why = ""};
  uint8_t digest[PSD_DIGEST_MAX];
  finding.result = psd_proof_read_postmark(token, &postmark, finding.why);
  if (finding.result != PSD_PROOF_HOLDS) {
    memset(&postmark, 0, sizeof postmark);
    return tell_postmark(options, &postmark, &finding);
  }
  const psd_digest_row *row = psd_digest_of(postmark.digest);
  if (!psd_digest_file(message_of(options), row, digest))
    return PSD_EXIT_REFUSED;
  finding.result = psd_proof_check_postmark(trust, token, digest, row->size, 0, &postmark, finding.why);
  return tell_postmark(options, &postmark, &finding);
}

static int tell_signature(const psd_verify_options *options, const psd_proof_signature *signature,
                          const psd_finding *finding) {
  psd_json json = psd_json_on(stdout);
  if (options->json) {
    psd_json_object(&json, NULL);
    psd_json_string(&json, "file", message_of(options));
    psd_json_number(&json, "time", signature->time);
    if (signature->metered) {
      psd_json_number(&json, "number", signature->number);
      psd_json_number(&json, "charge", signature->charge);
    }
    psd_json_signer(&json, "signer", &signature->signer);
  } else if (finding->result != PSD_PROOF_UNREADABLE) {
    psd_show_fact("file", message_of(options));
    psd_show_time("made", signature->time);
    psd_show_signer(&signature->signer);
    if (signature->metered) {
      psd_show_number("service", signature->number);
      psd_show_amount("charged", signature->charge);
    }
  }
  return end_with(options, &json, finding);
}

static int check_signature(const psd_verify_options *options, const psd_trust *trust, psd_proof_bytes cms) {
  psd_proof_signature signature;
  psd_finding finding = {.why = ""};
  uint8_t digest[PSD_DIGEST_MAX];
  if (!psd_digest_file(message_of(options), psd_digest_of(PSD_DIGEST_SHA256), digest))
    return PSD_EXIT_REFUSED;
  finding.result = psd_proof_check_signature(trust, cms, digest, 0, &signature, finding.why);
  return tell_signature(options, &signature, &finding);
}

typedef int checker(const psd_verify_options *options, const psd_trust *trust, psd_proof_bytes object);

/* The message, and the object that is of it. */
static int check_with(const psd_verify_options *options, checker *check) {
  static psd_object object;
  if (!psd_object_read(options->paths[1], &object))
    return PSD_EXIT_REFUSED;
  psd_trust *trust = psd_verify_open_trust(options);
  if (trust == NULL)
    return PSD_EXIT_REFUSED;
  int status = check(options, trust, psd_object_bytes(&object));
  psd_trust_free(trust);
  return status;
}

int psd_verify_command_postmark(const psd_verify_options *options) {
  return check_with(options, check_postmark);
}

int psd_verify_command_signature(const psd_verify_options *options) {
  return check_with(options, check_signature);
}
