/* Commands that show keys. */
#include <stdio.h>

#include "kms/certificate.h"
#include "kms/commands.h"
#include "psd/program/json.h"
#include "psd/spec/text.h"

#define TIME_TEXT 40U

static void show_key(const psd_kms_key *key) {
  char since[TIME_TEXT];
  psd_text text = psd_text_over(since, sizeof since);
  psd_say_time(&text, key->changed);
  (void)printf("%6lu  %-10s %-12s since %s  %s\n", (unsigned long)key->identifier, psd_kms_kind_of(key->kind)->name,
               psd_kms_state_of(key->state)->name, since, psd_kms_kind_of(key->kind)->words);
}

static void show_json(psd_json *json, const psd_kms_key *key, psd_token_domain domain) {
  psd_json_object(json, NULL);
  psd_json_string(json, "domain", psd_token_domain_name(domain));
  psd_json_number(json, "identifier", key->identifier);
  psd_json_string(json, "kind", psd_kms_kind_of(key->kind)->name);
  psd_json_string(json, "state", psd_kms_state_of(key->state)->name);
  psd_json_number(json, "created", key->created);
  psd_json_number(json, "changed", key->changed);
  if (psd_kms_kind_of(key->kind)->form == PSD_KMS_FORM_PAIR)
    psd_json_hex(json, "point", key->point, sizeof key->point);
  psd_json_end_object(json);
}

int psd_kms_command_keys(const psd_kms_options *options) {
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  const psd_keyring *ring = psd_kms_keys(kms);
  psd_json json = psd_json_on(stdout);
  if (options->json)
    psd_json_array(&json, NULL);
  else
    (void)printf("keys of the %s domain\n", psd_token_domain_name(ring->domain));
  for (size_t i = 0; i < ring->count; i++) {
    if (options->json)
      show_json(&json, &ring->keys[i], ring->domain);
    else
      show_key(&ring->keys[i]);
  }
  if (options->json)
    psd_json_end_array(&json);
  psd_kms_close(kms);
  return PSD_EXIT_DONE;
}

static void export_json(const psd_kms_key *key, const char *pem) {
  uint8_t modulus[PSD_RSA_MAX];
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  psd_json_number(&json, "identifier", key->identifier);
  psd_json_string(&json, "kind", psd_kms_kind_of(key->kind)->name);
  psd_json_string(&json, "state", psd_kms_state_of(key->state)->name);
  psd_json_string(&json, "pem", pem);
  if (key->rsa != NULL)
    psd_json_hex(&json, "modulus", modulus, psd_rsa_modulus(key->rsa, modulus));
  else
    psd_json_hex(&json, "point", key->point, sizeof key->point);
  psd_json_end_object(&json);
}

/* The key of a kind that is named, or the active one; NULL, and why, if there is none. */
static const psd_kms_key *key_of(const psd_keyring *ring, psd_kms_kind kind, uint32_t identifier, char *why) {
  const psd_kms_kind_row *row = psd_kms_kind_of(kind);
  const psd_kms_key *key =
      identifier == 0 ? psd_keyring_active(ring, kind) : psd_keyring_opening(ring, kind, identifier);
  if (key != NULL)
    return key;
  if (!psd_kms_kind_kept(row, ring->domain))
    (void)snprintf(why, PSD_KMS_WHY_MAX, "a key management system of the %s domain has no keys of kind %s",
                   psd_token_domain_name(ring->domain), row->name);
  else if (identifier == 0)
    (void)snprintf(why, PSD_KMS_WHY_MAX, "there is no key of kind %s: psd-kms rotate --kind %s makes one", row->name,
                   row->name);
  else
    (void)snprintf(why, PSD_KMS_WHY_MAX, "this is no key of kind %s that is still accepted: psd-kms keys lists them",
                   row->name);
  return NULL;
}

static bool is_authority(psd_kms_kind kind) {
  return kind == PSD_KMS_ROOT || kind == PSD_KMS_CA || kind == PSD_KMS_CREDITOR;
}

/* The certificate of a key of the authority as PEM; false, and why. */
static bool certificate_pem(const psd_keyring *ring, const psd_kms_key *key, char pem[PSD_X509_PEM_MAX], char *why) {
  uint8_t der[PSD_X509_MAX];
  size_t length = 0;
  if (key_of(ring, PSD_KMS_ROOT, 0, why) == NULL)
    return false;
  if (psd_kms_authority_certificate(ring, key, der, &length) && psd_x509_pem((psd_part){der, length}, pem))
    return true;
  (void)snprintf(why, PSD_KMS_WHY_MAX, "the certificate cannot be made");
  return false;
}

static bool public_pem(const psd_keyring *ring, const psd_kms_key *key, char pem[PSD_X509_PEM_MAX], char *why) {
  if (is_authority(key->kind))
    return certificate_pem(ring, key, pem, why);
  if (key->rsa != NULL ? psd_rsa_pem(key->rsa, pem) : psd_point_pem(key->point, pem))
    return true;
  (void)snprintf(why, PSD_KMS_WHY_MAX, "the key cannot be printed");
  return false;
}

static bool export(const psd_kms_options *options, const psd_keyring *ring, char *why) {
  char pem[PSD_X509_PEM_MAX];
  const psd_kms_key *key = key_of(ring, options->kind, options->identifier, why);
  if (key == NULL || !public_pem(ring, key, pem, why))
    return false;
  if (options->json)
    export_json(key, pem);
  else
    (void)fputs(pem, stdout);
  return true;
}

int psd_kms_command_export(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  if (psd_kms_kind_of(options->kind)->form == PSD_KMS_FORM_SECRET)
    return psd_kms_command_refused("a key of this kind has no public part");
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  bool done = export(options, psd_kms_keys(kms), why);
  psd_kms_close(kms);
  return done ? PSD_EXIT_DONE : psd_kms_command_refused(why);
}

const psd_kms_key *psd_kms_command_ca_key(const psd_keyring *ring, uint32_t identifier, char why[PSD_KMS_WHY_MAX]) {
  return key_of(ring, PSD_KMS_CA, identifier, why);
}

/* The CA's certificate, and behind it the root's, which vouches for it: one file to check others with. */
static bool print_ca(const psd_keyring *ring, uint32_t identifier, char *why) {
  char pem[PSD_X509_PEM_MAX], root[PSD_X509_PEM_MAX];
  const psd_kms_key *key = psd_kms_command_ca_key(ring, identifier, why);
  if (key == NULL || !certificate_pem(ring, key, pem, why) ||
      !certificate_pem(ring, psd_keyring_active(ring, PSD_KMS_ROOT), root, why))
    return false;
  (void)printf("%s%s", pem, root);
  return true;
}

int psd_kms_command_ca(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  bool done = print_ca(psd_kms_keys(kms), options->identifier, why);
  psd_kms_close(kms);
  return done ? PSD_EXIT_DONE : psd_kms_command_refused(why);
}
