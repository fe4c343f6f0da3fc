#include "measure.h"
#include "tls.h"

/* Two connections with a pipe of memory each way. */
static void join(SSL *server, SSL *client) {
  BIO *to_server = BIO_new(BIO_s_mem());
  BIO *to_client = BIO_new(BIO_s_mem());
  bench_need(to_server != NULL && to_client != NULL && BIO_up_ref(to_server) == 1 && BIO_up_ref(to_client) == 1,
             "memory");
  /* Empty means that more will come, not that it is over. */
  (void)BIO_set_mem_eof_return(to_server, -1);
  (void)BIO_set_mem_eof_return(to_client, -1);
  SSL_set_bio(server, to_server, to_client);
  SSL_set_bio(client, to_client, to_server);
}

static bool step(SSL *connection) {
  int result = SSL_do_handshake(connection);
  bench_need(result == 1 || SSL_get_error(connection, result) == SSL_ERROR_WANT_READ, "TLS handshake");
  return result == 1;
}

static uint64_t one(const tls_ends *ends) {
  SSL *client = SSL_new(ends->client);
  uint64_t used = 0, since = bench_now_computing();
  SSL *server = SSL_new(ends->server);
  used += bench_now_computing() - since;
  bench_need(client != NULL && server != NULL, "memory");
  join(server, client);
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);
  bool done = false;
  while (!done) {
    (void)step(client);
    since = bench_now_computing();
    done = step(server);
    used += bench_now_computing() - since;
  }
  tls_check(ends->kind, server);
  since = bench_now_computing();
  SSL_free(server);
  used += bench_now_computing() - since;
  SSL_free(client);
  return used;
}

uint64_t tls_in_memory(const tls_ends *ends, unsigned count) {
  uint64_t used = 0;
  for (unsigned i = 0; i < count; i++)
    used += one(ends);
  return used;
}
