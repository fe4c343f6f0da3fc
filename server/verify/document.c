#include "verify/document.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "verify/commands.h"
#include "verify/site.h"

#define PIECE 65536U
#define LINE 512U

static bool trouble(const char *path, const char *words) {
  (void)psd_verify_refused("%s: %s", path, words);
  return false;
}

bool psd_object_read(const char *path, psd_object *object) {
  FILE *in = fopen(path, "rb");
  if (in == NULL)
    return trouble(path, strerror(errno));
  object->length = fread(object->data, 1, sizeof object->data, in);
  bool failed = ferror(in) != 0, longer = object->length == sizeof object->data;
  (void)fclose(in);
  return failed ? trouble(path, "it cannot be read") : !longer || trouble(path, "it is too long");
}

psd_proof_bytes psd_object_bytes(const psd_object *object) {
  return (psd_proof_bytes){object->data, object->length};
}

static const EVP_MD *function_of(const psd_digest_row *row) {
  switch (row->digest) {
  case PSD_DIGEST_SHA384:
    return EVP_sha384();
  case PSD_DIGEST_SHA512:
    return EVP_sha512();
  case PSD_DIGEST_SHA256:
    break;
  }
  return EVP_sha256();
}

static bool digest_stream(FILE *in, EVP_MD_CTX *context, const EVP_MD *function, uint8_t *digest) {
  static uint8_t piece[PIECE];
  size_t length;
  if (EVP_DigestInit_ex(context, function, NULL) != 1)
    return false;
  while ((length = fread(piece, 1, sizeof piece, in)) > 0)
    if (EVP_DigestUpdate(context, piece, length) != 1)
      return false;
  return ferror(in) == 0 && EVP_DigestFinal_ex(context, digest, NULL) == 1;
}

bool psd_digest_file(const char *path, const psd_digest_row *row, uint8_t digest[PSD_DIGEST_MAX]) {
  FILE *in = fopen(path, "rb");
  if (in == NULL)
    return trouble(path, strerror(errno));
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool done = context != NULL && digest_stream(in, context, function_of(row), digest);
  EVP_MD_CTX_free(context);
  (void)fclose(in);
  return done || trouble(path, "it cannot be read");
}

/* 404 does not apply: nothing is paid here. */
unsigned psd_finding_step(psd_proof_result result) {
  switch (result) {
  case PSD_PROOF_HOLDS:
    return psd_verdict_step(PSD_VERDICT_VALID);
  case PSD_PROOF_CERTIFICATE:
    return psd_verdict_step(PSD_VERDICT_CERTIFICATE);
  case PSD_PROOF_MESSAGE:
  case PSD_PROOF_SIGNATURE:
    return psd_verdict_step(PSD_VERDICT_SIGNATURE);
  case PSD_PROOF_UNREADABLE:
  case PSD_PROOF_TERMS:
  case PSD_PROOF_FAILED:
    break;
  }
  return 0;
}

void psd_show_finding(const psd_finding *finding) {
  if (finding->result == PSD_PROOF_HOLDS)
    (void)puts("valid");
  else
    (void)printf("refused: %s: %s\n", psd_proof_name(finding->result), finding->why);
}

void psd_json_finding(psd_json *json, const psd_finding *finding) {
  psd_json_string(json, "result", psd_proof_name(finding->result));
  psd_json_bool(json, "valid", finding->result == PSD_PROOF_HOLDS);
  if (finding->result != PSD_PROOF_HOLDS)
    psd_json_string(json, "why", finding->why);
}

void psd_show_fact(const char *name, const char *text) {
  char line[LINE];
  psd_text words = psd_text_over(line, sizeof line);
  psd_say(&words, "%-13s ", name);
  psd_say_text(&words, text, strlen(text));
  (void)puts(line);
}

void psd_show_time(const char *name, uint64_t time) {
  char words[PSD_TIME_WORDS];
  psd_show_fact(name, psd_time_words(words, time));
}

void psd_show_amount(const char *name, uint64_t mills) {
  char line[LINE];
  psd_text words = psd_text_over(line, sizeof line);
  psd_say_amount(&words, mills);
  psd_show_fact(name, line);
}

void psd_show_number(const char *name, uint64_t number) {
  (void)printf("%-13s %llu\n", name, (unsigned long long)number);
}

void psd_show_signer(const psd_proof_signer *signer) {
  char words[PSD_TIME_WORDS];
  if (signer->name[0] == '\0')
    return;
  psd_show_fact("signed by", signer->name);
  if (signer->metered)
    psd_show_fact("PSD", psd_device_words(words, signer->device));
  if (signer->number != 0)
    psd_show_number("certificate", signer->number);
}

void psd_json_signer(psd_json *json, const char *key, const psd_proof_signer *signer) {
  char words[PSD_TIME_WORDS];
  if (signer->name[0] == '\0')
    return;
  psd_json_object(json, key);
  psd_json_string(json, "name", signer->name);
  if (signer->metered)
    psd_json_string(json, "device", psd_device_words(words, signer->device));
  psd_json_number(json, "certificate", signer->number);
  psd_json_number(json, "from", signer->from);
  psd_json_number(json, "until", signer->until);
  psd_json_end_object(json);
}
