#include <openssl/x509v3.h>
#include <stdio.h>

#include "measure.h"
#include "tls.h"

#define VALID_SECONDS (24 * 60 * 60)

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
  bench_need(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, "extension of a certificate");
  X509_EXTENSION_free(extension);
}

static void set_name(X509 *certificate, const char *words) {
  X509_NAME *name = X509_get_subject_name(certificate);
  bench_need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)words, -1, -1, 0) == 1,
             "name in a certificate");
}

/* `issuer` NULL: its own. */
static tls_identity make(const char *name, long serial, const tls_identity *issuer) {
  tls_identity made = {.key = EVP_EC_gen("P-256"), .certificate = X509_new()};
  bench_need(made.key != NULL && made.certificate != NULL, "key pair");
  const tls_identity *signer = issuer != NULL ? issuer : &made;
  X509 *certificate = made.certificate;
  bench_need(X509_set_version(certificate, X509_VERSION_3) == 1 &&
                 ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial) == 1 &&
                 X509_gmtime_adj(X509_getm_notBefore(certificate), -VALID_SECONDS) != NULL &&
                 X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_SECONDS) != NULL &&
                 X509_set_pubkey(certificate, made.key) == 1,
             "certificate");
  set_name(certificate, name);
  bench_need(X509_set_issuer_name(certificate, X509_get_subject_name(signer->certificate)) == 1, "issuer");
  add_extension(certificate, signer->certificate, NID_basic_constraints,
                issuer == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (issuer != NULL)
    add_extension(certificate, signer->certificate, NID_subject_alt_name, "DNS:localhost");
  bench_need(X509_sign(certificate, signer->key, EVP_sha256()) > 0, "signature under a certificate");
  return made;
}

tls_identities tls_identities_make(void) {
  tls_identities made = {.authority = make("authority", 1, NULL)};
  made.server = make("server", 2, &made.authority);
  made.client = make("client", 3, &made.authority);
  return made;
}

static void free_identity(tls_identity *identity) {
  EVP_PKEY_free(identity->key);
  X509_free(identity->certificate);
}

void tls_identities_free(tls_identities *made) {
  free_identity(&made->authority);
  free_identity(&made->server);
  free_identity(&made->client);
}

static FILE *create(const char *folder, const char *name) {
  char path[4096];
  int length = snprintf(path, sizeof path, "%s/%s", folder, name);
  bench_need(length > 0 && (size_t)length < sizeof path, "room for a path");
  FILE *file = fopen(path, "wb");
  bench_need(file != NULL, path);
  return file;
}

static void write_certificate(const X509 *certificate, const char *folder, const char *name) {
  FILE *file = create(folder, name);
  bench_need(i2d_X509_fp(file, certificate) == 1 && fclose(file) == 0, name);
}

static void write_key(const EVP_PKEY *key, const char *folder, const char *name) {
  FILE *file = create(folder, name);
  bench_need(i2d_PKCS8PrivateKeyInfo_fp(file, key) == 1 && fclose(file) == 0, name);
}

void tls_identities_write(const tls_identities *made, const char *folder) {
  write_certificate(made->authority.certificate, folder, "authority.der");
  write_certificate(made->server.certificate, folder, "server.der");
  write_certificate(made->client.certificate, folder, "client.der");
  write_key(made->server.key, folder, "server.key");
  write_key(made->client.key, folder, "client.key");
}
