/* What psd-server publishes, on a bench: the real operations of a key management system at a Unix socket, the database
 * under test (store_db.h), and HTTP by hand. */
#ifndef PUBLISH_BENCH_H
#define PUBLISH_BENCH_H

#include <openssl/ocsp.h>
#include <pthread.h>
#include <stdatomic.h>

#include "kms/certificate.h"
#include "kms/service.h"
#include "publish/publish.h"
#include "store_db.h"

#define HTTP_MAX 65536U

typedef struct publish_bench {
  char folder[64], socket[96];
  psd_db *db;
  psd_keyring *ring;
  psd_kms_service kms;
  int kms_listener; /* -1 while it is away */
  pthread_t kms_thread;
  atomic_uint asked; /* questions to it */
  atomic_uint lines; /* of the log: warnings */
  psd_publish *publish;
  uint16_t port;
  X509 *root, *ca; /* the CA in force */
} publish_bench;

/* Database, keys, and a server that publishes. PSD 1 has the certificates 1 to 3. */
void publish_open(publish_bench *at);
void publish_close(publish_bench *at);
/* The server anew: it remembers nothing. At most so many connections, 0 for enough. */
void publish_restart(publish_bench *at, unsigned connections);
/* The key management system goes away, and comes back. */
void publish_kms_away(publish_bench *at);
void publish_kms_back(publish_bench *at);
/* Another CA key comes into force; the old one is still accepted. */
void publish_rotate(publish_bench *at);

/* A certificate of PSD 1 that the CA in force has issued; it is in the database. X509_free it. */
X509 *publish_issue(publish_bench *at, uint32_t number);
/* Revokes all of PSD 1 (a hold), and takes that back. */
void publish_hold(publish_bench *at);
void publish_release(publish_bench *at);

/* An answer over HTTP. */
typedef struct http {
  unsigned status; /* 0: closed without an answer */
  char head[4096];
  uint8_t body[HTTP_MAX];
  size_t length;
} http;
/* A connection. */
int http_connect(const publish_bench *at);
/* Sends bytes as they are, and takes what comes until the other side closes. */
void http_exchange(const publish_bench *at, const void *bytes, size_t length, http *answer);
void http_read(int fd, http *answer);
void http_get(const publish_bench *at, const char *path, http *answer);
void http_post(const publish_bench *at, const char *path, const void *body, size_t length, http *answer);

/* A request about certificates, numbers that end with 0, of an issuer. */
OCSP_REQUEST *ocsp_request(X509 *issuer, const EVP_MD *digest, const uint64_t *numbers);
/* Posts it; returns the status of the response, -1 for none. `basic` gets what a successful one has, verified: signed
 * by whom the CA has certified for it, with our nonce. OCSP_BASICRESP_free it. */
int ocsp_post(const publish_bench *at, OCSP_REQUEST *request, OCSP_BASICRESP **basic);
/* Asks about one; the status of that certificate (V_OCSP_CERTSTATUS_), or -1 - the status of the response. `reason` may
 * be NULL. */
int ocsp_status(const publish_bench *at, X509 *issuer, uint64_t number, int *reason);

#endif
