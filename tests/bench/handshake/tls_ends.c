#include <openssl/rand.h>
#include <string.h>

#include "measure.h"
#include "tls.h"

#define SECRET 32U

static const unsigned char identity[] = "psd";
/* The one secret of the PSK kinds, as either end looks it up. */
static SSL_SESSION *shared;

const char *tls_kind_name(tls_kind kind) {
  static const char *const names[TLS_KINDS] = {
      [TLS_MUTUAL] = "tls_mutual", [TLS_PSK_DHE] = "tls_psk_dhe", [TLS_PSK] = "tls_psk"};
  return names[kind];
}

static int find_secret(SSL *connection, const unsigned char *name, size_t length, SSL_SESSION **found) {
  (void)connection;
  bool known = length == sizeof identity && memcmp(name, identity, length) == 0;
  *found = known && SSL_SESSION_up_ref(shared) == 1 ? shared : NULL;
  return 1;
}

static int use_secret(SSL *connection, const EVP_MD *hash, const unsigned char **name, size_t *length,
                      SSL_SESSION **used) {
  (void)connection;
  (void)hash;
  *name = identity;
  *length = sizeof identity;
  *used = SSL_SESSION_up_ref(shared) == 1 ? shared : NULL;
  return 1;
}

static void make_secret(SSL_CTX *context) {
  unsigned char secret[SECRET];
  SSL *connection = SSL_new(context);
  bench_need(connection != NULL && RAND_bytes(secret, sizeof secret) == 1, "secret");
  static const unsigned char aes_128_gcm_sha256[] = {0x13, 0x01};
  shared = SSL_SESSION_new();
  bench_need(shared != NULL && SSL_SESSION_set1_master_key(shared, secret, sizeof secret) == 1 &&
                 SSL_SESSION_set_cipher(shared, SSL_CIPHER_find(connection, aes_128_gcm_sha256)) == 1 &&
                 SSL_SESSION_set_protocol_version(shared, TLS1_3_VERSION) == 1,
             "secret");
  SSL_free(connection);
}

static SSL_CTX *make_context(const SSL_METHOD *method) {
  SSL_CTX *context = SSL_CTX_new(method);
  int group = NID_X25519;
  bench_need(context != NULL && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
                 SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") == 1 &&
                 SSL_CTX_set1_groups(context, &group, 1) == 1 && SSL_CTX_set_num_tickets(context, 0) == 1,
             "TLS");
  (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return context;
}

static void set_identity(SSL_CTX *context, const tls_identity *own, const tls_identity *authority) {
  X509_STORE *trusted = SSL_CTX_get_cert_store(context);
  bench_need(SSL_CTX_use_certificate(context, own->certificate) == 1 &&
                 SSL_CTX_use_PrivateKey(context, own->key) == 1 &&
                 X509_STORE_add_cert(trusted, authority->certificate) == 1,
             "certificate");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static void set_secret(const tls_ends *ends) {
  int other_group = NID_X9_62_prime256v1;
  if (shared == NULL)
    make_secret(ends->server);
  SSL_CTX_set_psk_find_session_callback(ends->server, find_secret);
  SSL_CTX_set_psk_use_session_callback(ends->client, use_secret);
  if (ends->kind != TLS_PSK)
    return;
  /* A server that has both takes the one with a Diffie-Hellman; so the ends have no group in common. */
  (void)SSL_CTX_set_options(ends->server, SSL_OP_ALLOW_NO_DHE_KEX);
  (void)SSL_CTX_set_options(ends->client, SSL_OP_ALLOW_NO_DHE_KEX);
  bench_need(SSL_CTX_set1_groups(ends->client, &other_group, 1) == 1, "group");
}

tls_ends tls_ends_make(tls_kind kind, const tls_identities *identities) {
  tls_ends ends = {
      .kind = kind, .server = make_context(TLS_server_method()), .client = make_context(TLS_client_method())};
  if (kind == TLS_MUTUAL) {
    set_identity(ends.server, &identities->server, &identities->authority);
    set_identity(ends.client, &identities->client, &identities->authority);
  } else {
    set_secret(&ends);
  }
  return ends;
}

void tls_ends_free(tls_ends *ends) {
  SSL_CTX_free(ends->server);
  SSL_CTX_free(ends->client);
}

void tls_check(tls_kind kind, SSL *connection) {
  bench_need(SSL_is_init_finished(connection) == 1, "end of a TLS handshake");
  bench_need(SSL_version(connection) == TLS1_3_VERSION, "TLS 1.3");
  bench_need((SSL_get0_peer_certificate(connection) != NULL) == (kind == TLS_MUTUAL), "certificate of the peer");
  bench_need((SSL_session_reused(connection) == 1) == (kind != TLS_MUTUAL), "secret in use");
  EVP_PKEY *share = NULL;
  bool agreed = SSL_get_peer_tmp_key(connection, &share) == 1;
  EVP_PKEY_free(share);
  bench_need(agreed == (kind != TLS_PSK), "Diffie-Hellman as it should be");
}
