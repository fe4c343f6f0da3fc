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

static void show_json(psd_json *json, const psd_kms_key *key) {
  psd_json_object(json, NULL);
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
  for (size_t i = 0; i < ring->count; i++) {
    if (options->json)
      show_json(&json, &ring->keys[i]);
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

int psd_kms_command_export(const psd_kms_options *options) {
  char pem[PSD_PEM_MAX];
  if (psd_kms_kind_of(options->kind)->form == PSD_KMS_FORM_SECRET)
    return psd_kms_command_refused("a key of this kind has no public part");
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  const psd_kms_key *key = psd_keyring_active(psd_kms_keys(kms), options->kind);
  bool done = key != NULL && (key->rsa != NULL ? psd_rsa_pem(key->rsa, pem) : psd_point_pem(key->point, pem));
  if (done && options->json)
    export_json(key, pem);
  else if (done)
    (void)fputs(pem, stdout);
  psd_kms_close(kms);
  return done ? PSD_EXIT_DONE : psd_kms_command_refused("there is no key of this kind: psd-kms rotate makes one");
}

/* The CA key that --key names, or the active one; NULL, and a line, if there is none to sign with. */
static const psd_kms_key *ca_key(const psd_keyring *ring, uint32_t identifier) {
  if (identifier == 0) {
    const psd_kms_key *active = psd_keyring_active(ring, PSD_KMS_CA);
    if (active == NULL)
      (void)psd_kms_command_refused("there is no key of this kind: psd-kms rotate makes one");
    return active;
  }
  const psd_kms_key *key = psd_keyring_opening(ring, PSD_KMS_CA, identifier);
  if (key == NULL)
    (void)psd_kms_command_refused("this is no key of kind ca that is still accepted: psd-kms keys lists them");
  return key;
}

static int print_ca(const psd_kms_key *key) {
  uint8_t der[PSD_X509_MAX];
  char pem[PSD_X509_PEM_MAX];
  size_t length = 0;
  if (!psd_kms_ca_certificate(key, der, &length) || !psd_x509_pem((psd_part){der, length}, pem))
    return psd_kms_command_refused("the certificate cannot be made");
  (void)fputs(pem, stdout);
  return PSD_EXIT_DONE;
}

int psd_kms_command_ca(const psd_kms_options *options) {
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  const psd_kms_key *key = ca_key(psd_kms_keys(kms), options->identifier);
  int status = key != NULL ? print_ca(key) : PSD_EXIT_REFUSED;
  psd_kms_close(kms);
  return status;
}
