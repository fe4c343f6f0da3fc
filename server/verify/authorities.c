/* Who may sign certificates, and what they have revoked (RFC 5280). */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "verify/folder.h"
#include "verify/x509_text.h"

#define AUTHORITIES_MOST 4096U

static bool add_authority(psd_site_reading *reading, X509 *certificate) {
  psd_site *site = reading->site;
  if (X509_check_ca(certificate) == 0)
    return psd_site_damaged(reading, "it has a certificate that is no CA's");
  if (site->authority_count == AUTHORITIES_MOST)
    return psd_site_damaged(reading, "there are more than %u CAs", AUTHORITIES_MOST);
  psd_authority *rows = psd_room_for_row(reading, site->authorities, site->authority_count, sizeof *site->authorities);
  if (rows == NULL)
    return false;
  site->authorities = rows;
  if (X509_STORE_add_cert(site->trusted, certificate) != 1 || X509_up_ref(certificate) != 1)
    return psd_site_damaged(reading, "OpenSSL does not take it");
  rows[site->authority_count++] = (psd_authority){.certificate = certificate};
  return true;
}

static bool take_authority(psd_site_reading *reading, BIO *text, bool *more) {
  X509 *certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
  *more = certificate != NULL;
  bool done = certificate == NULL || add_authority(reading, certificate);
  X509_free(certificate);
  return done;
}

static bool read_authority(psd_site_reading *reading) {
  return psd_each_block(reading, "certificate", take_authority);
}

/* The CA whose name it has and whose key has signed it. */
static psd_authority *signer_of(const psd_site *site, X509_CRL *list) {
  for (size_t i = 0; i < site->authority_count; i++) {
    X509 *certificate = site->authorities[i].certificate;
    if (X509_NAME_cmp(X509_get_subject_name(certificate), X509_CRL_get_issuer(list)) == 0 &&
        X509_CRL_verify(list, X509_get0_pubkey(certificate)) == 1)
      return &site->authorities[i];
  }
  ERR_clear_error();
  return NULL;
}

/* The number of a list (RFC 5280, 5.2.3), which grows from one to the next; 0 without one. */
static uint64_t number_of(const X509_CRL *list) {
  uint64_t number = 0;
  ASN1_INTEGER *found = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
  if (found != NULL && ASN1_INTEGER_get_uint64(&number, found) != 1)
    number = UINT64_MAX;
  ASN1_INTEGER_free(found);
  return number;
}

/* Of two that were made in the same second the number tells. */
static bool is_newer(const psd_authority *than, const X509_CRL *list, uint64_t from) {
  if (than->list == NULL || from != than->list_from)
    return than->list == NULL || from > than->list_from;
  return number_of(list) > number_of(than->list);
}

/* The newest list of a CA counts. One that says it is not the whole list says so in a critical extension (RFC 5280,
 * 5.2.4 and 5.2.5), and is refused. */
static bool add_list(psd_site_reading *reading, X509_CRL *list) {
  uint64_t from, next = 0;
  psd_authority *signer = signer_of(reading->site, list);
  if (signer == NULL)
    return psd_site_damaged(reading, "no CA of ca/ has signed this list");
  if (X509_CRL_get_ext_by_critical(list, 1, -1) >= 0)
    return psd_site_damaged(reading, "the list has a critical extension, and is not taken for a whole one");
  if (!psd_asn1_seconds(X509_CRL_get0_lastUpdate(list), &from) ||
      (X509_CRL_get0_nextUpdate(list) != NULL && !psd_asn1_seconds(X509_CRL_get0_nextUpdate(list), &next)))
    return psd_site_damaged(reading, "the list says no sensible time");
  if (!is_newer(signer, list, from))
    return true;
  if (X509_CRL_up_ref(list) != 1)
    return psd_site_damaged(reading, "OpenSSL does not take it");
  X509_CRL_free(signer->list);
  signer->list = list;
  signer->list_from = from;
  signer->list_next = next;
  return true;
}

static bool take_list(psd_site_reading *reading, BIO *text, bool *more) {
  X509_CRL *list = PEM_read_bio_X509_CRL(text, NULL, NULL, NULL);
  *more = list != NULL;
  bool done = list == NULL || add_list(reading, list);
  X509_CRL_free(list);
  return done;
}

static bool read_list(psd_site_reading *reading) {
  return psd_each_block(reading, "revocation list", take_list);
}

/* It tells who is revoked, and not any more who is not. */
static void remark_old_lists(psd_site_reading *reading) {
  const psd_site *site = reading->site;
  char name[256], words[PSD_TIME_WORDS];
  (void)snprintf(reading->name, sizeof reading->name, "crl");
  for (size_t i = 0; i < site->authority_count; i++) {
    const psd_authority *authority = &site->authorities[i];
    if (authority->list != NULL && psd_list_is_old(site, authority))
      psd_site_remark(reading, "the newest list of %s is out of date since %s: get a newer one",
                      X509_NAME_oneline(X509_get_subject_name(authority->certificate), name, sizeof name),
                      psd_time_words(words, authority->list_next));
  }
}

bool psd_list_is_old(const psd_site *site, const psd_authority *authority) {
  return authority->list_next != 0 && authority->list_next < site->policy.now;
}

bool psd_read_authorities(psd_site_reading *reading) {
  psd_site *site = reading->site;
  site->trusted = X509_STORE_new();
  if (site->trusted == NULL ||
      X509_STORE_set_flags(site->trusted, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN) != 1)
    return psd_site_damaged(reading, "no memory");
  if (!psd_each_file(reading, "ca", ".pem", read_authority) || !psd_each_file(reading, "crl", ".pem", read_list))
    return false;
  remark_old_lists(reading);
  return true;
}

void psd_free_authorities(psd_site *site) {
  for (size_t i = 0; i < site->authority_count; i++) {
    X509_free(site->authorities[i].certificate);
    X509_CRL_free(site->authorities[i].list);
  }
  free(site->authorities);
  X509_STORE_free(site->trusted);
}
