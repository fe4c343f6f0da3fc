/* The peers: TLS 1.3 by OpenSSL, both ends in this process, as it would stand in for the three-key handshake.
 *
 * Every handshake is a full one: no tickets, no resumption. Cipher suite and group are those that cost the least
 * (AES-128-GCM with SHA-256, X25519). What goes wrong ends the program. */
#ifndef PSD_BENCH_TLS_H
#define PSD_BENCH_TLS_H

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <stdbool.h>

typedef enum tls_kind {
  TLS_MUTUAL,  /* both ends show a P-256 certificate */
  TLS_PSK_DHE, /* one secret, and a Diffie-Hellman for forward secrecy (RFC 8446, psk_dhe_ke) */
  TLS_PSK,     /* one secret and nothing else (psk_ke) */
  TLS_KINDS
} tls_kind;

/* What the rows call it. */
const char *tls_kind_name(tls_kind kind);

/* Somebody with a certificate. */
typedef struct tls_identity {
  EVP_PKEY *key;
  X509 *certificate;
} tls_identity;

/* An authority, and two who have their certificates from it. */
typedef struct tls_identities {
  tls_identity authority, server, client;
} tls_identities;

/* Makes them, in memory. Free with tls_identities_free. */
tls_identities tls_identities_make(void);
void tls_identities_free(tls_identities *made);
/* Writes them into a folder, for the peers in other languages: authority.der, server.der, client.der, and the private
 * keys server.key and client.key, PKCS#8 in DER. */
void tls_identities_write(const tls_identities *made, const char *folder);

/* The two ends of a kind. The contexts are the caller's; the secret of the PSK kinds is shared by all. */
typedef struct tls_ends {
  tls_kind kind;
  SSL_CTX *server, *client;
} tls_ends;
tls_ends tls_ends_make(tls_kind kind, const tls_identities *identities);
void tls_ends_free(tls_ends *ends);
/* Ends the program unless `connection`, an end whose handshake is over, is what the kind says. */
void tls_check(tls_kind kind, SSL *connection);

/* Nanoseconds of processor time of the server's end for `count` handshakes, from making its connection to freeing it:
 * in memory, or each over a TCP connection of its own on the loopback, the server a thread with an event loop. */
uint64_t tls_in_memory(const tls_ends *ends, unsigned count);
uint64_t tls_over_tcp(const tls_ends *ends, unsigned count);

#endif
