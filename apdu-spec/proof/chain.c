/* Is a certificate trusted? OpenSSL's path validation (RFC 5280, 6) at the time in question, and what it is for. */
#include "internal.h"

#define DEPTH_MOST 6
/* Keys and hashes of 112 bits and more: RSA of 2048 bits, P-256, SHA-256. */
#define SECURITY_LEVEL 2

/* What OpenSSL's callback has to know. */
typedef struct look {
  STACK_OF(X509_CRL) * lists; /* those that are current */
  uint64_t time;
} look;

static bool has_list(STACK_OF(X509_CRL) * lists, const X509_NAME *issuer) {
  for (int i = 0; i < sk_X509_CRL_num(lists); i++)
    if (X509_NAME_cmp(issuer, X509_CRL_get_issuer(sk_X509_CRL_value(lists, i))) == 0)
      return true;
  return false;
}

/* RFC 3161, 4: what was signed before the certificate was revoked counts, unless the key may be somebody else's, which
 * is so where no reason is given. */
static bool is_harmless(const X509_REVOKED *entry) {
  ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
  int64_t code = PSD_REASON_KEY_COMPROMISE;
  bool known = reason != NULL && ASN1_ENUMERATED_get_int64(&code, reason) == 1;
  ASN1_ENUMERATED_free(reason);
  return known &&
         (code == PSD_REASON_UNSPECIFIED || code == PSD_REASON_AFFILIATION_CHANGED || code == PSD_REASON_SUPERSEDED ||
          code == PSD_REASON_CESSATION || code == PSD_REASON_PRIVILEGE_WITHDRAWN);
}

static bool is_later(const X509_REVOKED *entry, uint64_t time) {
  uint64_t revoked;
  return psd_proof_x509_time(X509_REVOKED_get0_revocationDate(entry), &revoked) && revoked > time && is_harmless(entry);
}

/* OpenSSL does not say by which list where that list is younger than the time of the check: all of them must agree. */
static bool was_revoked_later(const look *l, X509 *certificate) {
  bool later = false;
  for (int i = 0; i < sk_X509_CRL_num(l->lists); i++) {
    X509_CRL *list = sk_X509_CRL_value(l->lists, i);
    X509_REVOKED *entry;
    if (X509_NAME_cmp(X509_get_issuer_name(certificate), X509_CRL_get_issuer(list)) != 0 ||
        X509_CRL_get0_by_cert(list, &entry, certificate) != 1)
      continue;
    if (!is_later(entry, l->time))
      return false;
    later = true;
  }
  return later;
}

static int on_step(int fine, X509_STORE_CTX *context) {
  const look *l = X509_STORE_CTX_get_app_data(context);
  if (fine)
    return 1;
  switch (X509_STORE_CTX_get_error(context)) {
  case X509_V_ERR_UNABLE_TO_GET_CRL:
    /* Not everybody publishes lists: is_covered() sees to it that whoever does is asked. */
    return !has_list(l->lists, X509_get_issuer_name(X509_STORE_CTX_get_current_cert(context)));
  case X509_V_ERR_CRL_NOT_YET_VALID:
    return 1; /* it is younger than what was signed, and knows more */
  case X509_V_ERR_CERT_REVOKED:
    return was_revoked_later(l, X509_STORE_CTX_get_current_cert(context));
  default:
    return 0;
  }
}

/* With lists, one of them must be of an issuer in this path, if any of them below the root may sign lists. */
static bool is_covered(const look *l, X509_STORE_CTX *context) {
  STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(context);
  bool may = false;
  for (int i = 0; i + 1 < sk_X509_num(path); i++) {
    if (has_list(l->lists, X509_get_issuer_name(sk_X509_value(path, i))))
      return true;
    may = may || (i > 0 && (X509_get_key_usage(sk_X509_value(path, i)) & KU_CRL_SIGN) != 0);
  }
  return !may;
}

/* An agent certifies names, and neither meters nor lines of credit (docs/certificates.md, figure 3A). */
static bool is_beyond_agent(X509_STORE_CTX *context, psd_proof_use use) {
  STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(context);
  bool agent = false;
  for (int i = 1; i < sk_X509_num(path); i++)
    agent = agent || psd_proof_is_metered(sk_X509_value(path, i));
  return agent && (use != PSD_PROOF_FOR_MESSAGE || psd_proof_is_metered(sk_X509_value(path, 0)));
}

/* Lists that are out of date say nothing of today. */
static STACK_OF(X509_CRL) * current_lists(const psd_trust *trust) {
  STACK_OF(X509_CRL) *current = sk_X509_CRL_new_null();
  for (int i = 0; current != NULL && i < sk_X509_CRL_num(trust->lists); i++) {
    X509_CRL *list = sk_X509_CRL_value(trust->lists, i);
    uint64_t next;
    bool fresh = trust->now == 0 || (psd_proof_x509_time(X509_CRL_get0_nextUpdate(list), &next) && next >= trust->now);
    if (fresh && sk_X509_CRL_push(current, list) <= 0) {
      sk_X509_CRL_free(current);
      return NULL;
    }
  }
  return current;
}

static bool prepare(X509_STORE_CTX *context, const psd_trust *trust, X509 *leaf, look *l) {
  if (X509_STORE_CTX_init(context, trust->store, leaf, trust->chain) != 1)
    return false;
  X509_VERIFY_PARAM *terms = X509_STORE_CTX_get0_param(context);
  unsigned long flags = X509_V_FLAG_X509_STRICT;
  if (sk_X509_CRL_num(trust->lists) > 0)
    flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  X509_VERIFY_PARAM_set_time(terms, (time_t)l->time);
  X509_VERIFY_PARAM_set_depth(terms, DEPTH_MOST);
  X509_VERIFY_PARAM_set_auth_level(terms, SECURITY_LEVEL);
  X509_STORE_CTX_set0_crls(context, l->lists);
  X509_STORE_CTX_set_verify_cb(context, on_step);
  return X509_VERIFY_PARAM_set_flags(terms, flags) == 1 && X509_STORE_CTX_set_app_data(context, l) == 1;
}

static psd_proof_result judge(const psd_trust *trust, X509_STORE_CTX *context, const look *l, psd_proof_use use,
                              char why[PSD_PROOF_WHY_MAX]) {
  if (X509_verify_cert(context) != 1)
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE, "%s is not trusted: %s",
                         X509_STORE_CTX_get_error_depth(context) == 0 ? "its certificate" : "who has certified it",
                         X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
  if (is_beyond_agent(context, use))
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE, "its certificate was issued by an agent, who may not issue such");
  if (sk_X509_CRL_num(trust->lists) > 0 && !is_covered(l, context))
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE,
                         "no current list of revoked certificates is there from who issued its certificate");
  return PSD_PROOF_HOLDS;
}

static psd_proof_result validate(const psd_trust *trust, X509 *leaf, psd_proof_use use, uint64_t time,
                                 char why[PSD_PROOF_WHY_MAX]) {
  look l = {current_lists(trust), time};
  X509_STORE_CTX *context = X509_STORE_CTX_new();
  psd_proof_result result = PSD_PROOF_FAILED;
  if (l.lists == NULL || context == NULL || !prepare(context, trust, leaf, &l))
    psd_proof_say(why, PSD_PROOF_FAILED, "out of memory");
  else
    result = judge(trust, context, &l, use, why);
  X509_STORE_CTX_free(context);
  sk_X509_CRL_free(l.lists);
  return result;
}

/* Extended key usage: this one, and no other. */
static bool is_only_for(const X509 *leaf, psd_oid_id wanted, bool critical_too) {
  int critical = 0;
  EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(leaf, NID_ext_key_usage, &critical, NULL);
  bool fits = usage != NULL && sk_ASN1_OBJECT_num(usage) == 1 && psd_proof_is(sk_ASN1_OBJECT_value(usage, 0), wanted) &&
              (!critical_too || critical == 1);
  sk_ASN1_OBJECT_pop_free(usage, ASN1_OBJECT_free);
  return fits;
}

static bool signs_mail(X509 *leaf) {
  return (X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(leaf) & XKU_SMIME) != 0;
}

static bool purpose_fits(X509 *leaf, psd_proof_use use) {
  psd_proof_policy policy;
  bool metered;
  if (!psd_proof_policy_of(leaf, &policy, &metered))
    return false;
  switch (use) {
  case PSD_PROOF_FOR_POSTMARK: /* RFC 3161, 2.3 */
    return is_only_for(leaf, PSD_OID_TIME_STAMPING, true) && metered && policy.purpose == PSD_PURPOSE_POSTMARK;
  case PSD_PROOF_FOR_MESSAGE:
    return signs_mail(leaf) && (!metered || policy.purpose == PSD_PURPOSE_USER);
  case PSD_PROOF_FOR_PAYMENT:
    return is_only_for(leaf, PSD_OID_PAYMENTS, false);
  case PSD_PROOF_FOR_DEVICE:
    return metered && policy.purpose == 0;
  }
  return false;
}

psd_proof_result psd_proof_chain(const psd_trust *trust, X509 *leaf, psd_proof_use use, uint64_t time,
                                 char why[PSD_PROOF_WHY_MAX]) {
  psd_proof_result result = validate(trust, leaf, use, time, why);
  if (result != PSD_PROOF_HOLDS)
    return result;
  if (X509_check_ca(leaf) != 0 || (X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) == 0 ||
      (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0 || !purpose_fits(leaf, use))
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE, "its certificate is for something else");
  return PSD_PROOF_HOLDS;
}
