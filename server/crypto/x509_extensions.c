/* Extensions of certificates (RFC 5280, 4.2): what a key may be used for, whom it may certify, and where its authority
 * is asked about it. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "crypto/x509_internal.h"

/* Bytes of an address of one thing: the authority's, and "/ca-4294967295.crl". */
#define URL_MAX (PSD_ADDRESS_MAX + 32U)

static bool add_constraints(X509 *made, const psd_x509 *wanted) {
  BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
  bool done = constraints != NULL;
  if (done) {
    constraints->ca = wanted->authority ? 0xFF : 0;
    constraints->pathlen = wanted->limited ? ASN1_INTEGER_new() : NULL;
    done = !wanted->limited ||
           (constraints->pathlen != NULL && ASN1_INTEGER_set_uint64(constraints->pathlen, wanted->path_length) == 1);
  }
  done = done &&
         X509_add1_ext_i2d(made, NID_basic_constraints, constraints, wanted->authority ? 1 : 0, X509V3_ADD_APPEND) == 1;
  BASIC_CONSTRAINTS_free(constraints);
  return done;
}

static unsigned usage_of(const psd_x509 *wanted) {
  if (wanted->usage != 0)
    return wanted->usage;
  return wanted->authority ? PSD_X509_CERTIFIES | PSD_X509_LISTS : PSD_X509_SIGNS;
}

static bool add_usage(X509 *made, const psd_x509 *wanted) {
  /* Bit numbers of KeyUsage. */
  static const struct {
    unsigned usage;
    int bit;
  } rows[] = {{PSD_X509_SIGNS, 0}, {PSD_X509_STANDS, 1}, {PSD_X509_CERTIFIES, 5}, {PSD_X509_LISTS, 6}};
  ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
  bool done = usage != NULL;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] && done; i++)
    if ((usage_of(wanted) & rows[i].usage) != 0)
      done = ASN1_BIT_STRING_set_bit(usage, rows[i].bit, 1) == 1;
  done = done && X509_add1_ext_i2d(made, NID_key_usage, usage, 1, X509V3_ADD_APPEND) == 1;
  ASN1_BIT_STRING_free(usage);
  return done;
}

static bool push_purpose(EXTENDED_KEY_USAGE *list, const char *dotted) {
  ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
  bool done = object != NULL && sk_ASN1_OBJECT_push(list, object) > 0;
  if (!done)
    ASN1_OBJECT_free(object);
  return done;
}

/* Its holder answers for the authority until the certificate ends, which is soon: nobody asks about it in turn. */
static bool add_no_check(X509 *made, const psd_x509 *wanted) {
  if ((wanted->purposes & PSD_X509_ANSWERS) == 0)
    return true;
  ASN1_NULL *nothing = ASN1_NULL_new();
  bool done = nothing != NULL && X509_add1_ext_i2d(made, NID_id_pkix_OCSP_noCheck, nothing, 0, X509V3_ADD_APPEND) == 1;
  ASN1_NULL_free(nothing);
  return done;
}

static bool add_purposes(X509 *made, const psd_x509 *wanted) {
  const struct {
    unsigned purpose;
    const char *dotted;
  } rows[] = {{PSD_X509_MAIL, psd_oids[PSD_OID_EMAIL_PROTECTION].dotted},
              {PSD_X509_CLIENT, psd_oids[PSD_OID_CLIENT_AUTHENTICATION].dotted},
              {PSD_X509_STAMPS, psd_oids[PSD_OID_TIME_STAMPING].dotted},
              {PSD_X509_ANSWERS, "1.3.6.1.5.5.7.3.9"},
              {PSD_X509_PAYMENTS, psd_oids[PSD_OID_PAYMENTS].dotted}};
  if (wanted->purposes == 0)
    return true;
  EXTENDED_KEY_USAGE *list = sk_ASN1_OBJECT_new_null();
  bool done = list != NULL;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] && done; i++)
    done = (wanted->purposes & rows[i].purpose) == 0 || push_purpose(list, rows[i].dotted);
  done = done && X509_add1_ext_i2d(made, NID_ext_key_usage, list, wanted->purposes == PSD_X509_STAMPS ? 1 : 0,
                                   X509V3_ADD_APPEND) == 1;
  sk_ASN1_OBJECT_pop_free(list, ASN1_OBJECT_free);
  return done && add_no_check(made, wanted);
}

/* { O } of the certificate's own subject; NULL if it has none. */
static X509_NAME *organization_of(const X509 *made) {
  const X509_NAME *subject = X509_get_subject_name(made);
  int at = X509_NAME_get_index_by_NID(subject, NID_organizationName, -1);
  const X509_NAME_ENTRY *entry = at >= 0 ? X509_NAME_get_entry(subject, at) : NULL;
  X509_NAME *name = entry != NULL ? X509_NAME_new() : NULL;
  if (name != NULL && X509_NAME_add_entry(name, entry, -1, 0) == 1)
    return name;
  X509_NAME_free(name);
  return NULL;
}

/* A subtree of permitted names; `name` is then its own. */
static GENERAL_SUBTREE *subtree_of(X509_NAME *name) {
  GENERAL_SUBTREE *subtree = GENERAL_SUBTREE_new();
  if (subtree == NULL)
    return NULL;
  GENERAL_NAME_set0_value(subtree->base, GEN_DIRNAME, name);
  return subtree;
}

/* permittedSubtrees [0] of one directoryName: who is certified below belongs to the same organization (4.2.1.10). */
static bool add_name_constraints(X509 *made, const psd_x509 *wanted) {
  if (!wanted->constrained)
    return true;
  NAME_CONSTRAINTS *constraints = NAME_CONSTRAINTS_new();
  X509_NAME *name = organization_of(made);
  GENERAL_SUBTREE *subtree = name != NULL ? subtree_of(name) : NULL;
  if (subtree == NULL)
    X509_NAME_free(name);
  if (constraints != NULL)
    constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
  bool pushed = constraints != NULL && constraints->permittedSubtrees != NULL && subtree != NULL &&
                sk_GENERAL_SUBTREE_push(constraints->permittedSubtrees, subtree) > 0;
  bool done = pushed && X509_add1_ext_i2d(made, NID_name_constraints, constraints, 1, X509V3_ADD_APPEND) == 1;
  if (!pushed)
    GENERAL_SUBTREE_free(subtree);
  NAME_CONSTRAINTS_free(constraints);
  return done;
}

bool psd_x509_add_limits(X509 *made, const psd_x509 *wanted) {
  return add_constraints(made, wanted) && add_usage(made, wanted) && add_purposes(made, wanted) &&
         add_name_constraints(made, wanted);
}

/* Sets a name to a URI; false if it is too long or memory fails. */
static bool set_uri(GENERAL_NAME *name, const char *address, const char *path) {
  char url[URL_MAX];
  int length = snprintf(url, sizeof url, "%s%s", address, path);
  ASN1_IA5STRING *text = length > 0 && (size_t)length < sizeof url ? ASN1_IA5STRING_new() : NULL;
  if (text == NULL || ASN1_STRING_set(text, url, length) != 1) {
    ASN1_IA5STRING_free(text);
    return false;
  }
  GENERAL_NAME_set0_value(name, GEN_URI, text);
  return true;
}

/* A list's address as the one name of a distribution point; NULL on failure. */
static GENERAL_NAMES *list_names(const psd_x509 *wanted, const char *path) {
  GENERAL_NAMES *names = GENERAL_NAMES_new();
  GENERAL_NAME *name = GENERAL_NAME_new();
  if (names != NULL && name != NULL && set_uri(name, wanted->address, path) && sk_GENERAL_NAME_push(names, name) > 0)
    return names;
  GENERAL_NAME_free(name);
  GENERAL_NAMES_free(names);
  return NULL;
}

static DIST_POINT *list_point(const psd_x509 *wanted, const char *path) {
  DIST_POINT *point = DIST_POINT_new();
  if (point != NULL)
    point->distpoint = DIST_POINT_NAME_new();
  if (point != NULL && point->distpoint != NULL) {
    point->distpoint->type = 0; /* fullName */
    point->distpoint->name.fullname = list_names(wanted, path);
    if (point->distpoint->name.fullname != NULL)
      return point;
  }
  DIST_POINT_free(point);
  return NULL;
}

static bool add_list(X509 *made, const psd_x509 *wanted) {
  char path[32];
  (void)snprintf(path, sizeof path, "/ca-%llu.crl", (unsigned long long)wanted->issuer_key);
  CRL_DIST_POINTS *points = CRL_DIST_POINTS_new();
  DIST_POINT *point = list_point(wanted, path);
  bool pushed = points != NULL && point != NULL && sk_DIST_POINT_push(points, point) > 0;
  bool done = pushed && X509_add1_ext_i2d(made, NID_crl_distribution_points, points, 0, X509V3_ADD_APPEND) == 1;
  if (!pushed)
    DIST_POINT_free(point);
  CRL_DIST_POINTS_free(points);
  return done;
}

static bool push_access(AUTHORITY_INFO_ACCESS *list, int method, const char *address, const char *path) {
  ACCESS_DESCRIPTION *access = ACCESS_DESCRIPTION_new();
  if (access != NULL) {
    ASN1_OBJECT_free(access->method);
    access->method = OBJ_nid2obj(method);
  }
  bool done = access != NULL && access->method != NULL && set_uri(access->location, address, path) &&
              sk_ACCESS_DESCRIPTION_push(list, access) > 0;
  if (!done)
    ACCESS_DESCRIPTION_free(access);
  return done;
}

static bool add_access(X509 *made, const psd_x509 *wanted) {
  char path[32];
  (void)snprintf(path, sizeof path, "/ca-%llu.crt", (unsigned long long)wanted->issuer_key);
  AUTHORITY_INFO_ACCESS *list = AUTHORITY_INFO_ACCESS_new();
  bool done = list != NULL && push_access(list, NID_ad_OCSP, wanted->address, "/ocsp") &&
              push_access(list, NID_ad_ca_issuers, wanted->address, path) &&
              X509_add1_ext_i2d(made, NID_info_access, list, 0, X509V3_ADD_APPEND) == 1;
  AUTHORITY_INFO_ACCESS_free(list);
  return done;
}

bool psd_x509_add_addresses(X509 *made, const psd_x509 *wanted) {
  return wanted->address == NULL || (add_list(made, wanted) && add_access(made, wanted));
}
