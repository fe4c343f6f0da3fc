#define _GNU_SOURCE /* accept4 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"
#include "tls.h"

#define CLIENTS 4U /* threads, so that the server always has something to do */
#define EVENTS 16

typedef struct tcp_server {
  const tls_ends *ends;
  int listening, events;
  unsigned left;
  uint64_t used;
} tcp_server;

typedef struct tcp_client {
  const tls_ends *ends;
  struct sockaddr_in address;
  unsigned count;
} tcp_client;

static void watch(int events, int descriptor, void *what) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
  bench_need(epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event) == 0, "epoll");
}

static void take_call(const tcp_server *of) {
  int descriptor = accept4(of->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0)
    return; /* gone again */
  const int yes = 1;
  (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  SSL *connection = SSL_new(of->ends->server);
  bench_need(connection != NULL && SSL_set_fd(connection, descriptor) == 1, "connection");
  SSL_set_accept_state(connection);
  watch(of->events, descriptor, connection);
}

/* True when the handshake is over: the connection is closed then. */
static bool go_on(const tcp_server *of, SSL *connection) {
  int result = SSL_do_handshake(connection);
  if (result != 1) {
    bench_need(SSL_get_error(connection, result) == SSL_ERROR_WANT_READ, "TLS handshake");
    return false;
  }
  tls_check(of->ends->kind, connection);
  int descriptor = SSL_get_fd(connection);
  SSL_free(connection);
  (void)close(descriptor);
  return true;
}

static void *serve(void *argument) {
  tcp_server *of = argument;
  uint64_t since = bench_now_computing();
  while (of->left > 0) {
    struct epoll_event event[EVENTS];
    int count = epoll_wait(of->events, event, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      if (event[i].data.ptr == NULL)
        take_call(of);
      else if (go_on(of, event[i].data.ptr))
        of->left--;
    }
  }
  of->used = bench_now_computing() - since;
  return NULL;
}

static void call_once_more(const tcp_client *of) {
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bench_need(descriptor >= 0 && connect(descriptor, (const struct sockaddr *)&of->address, sizeof of->address) == 0,
             "connection");
  SSL *connection = SSL_new(of->ends->client);
  bench_need(connection != NULL && SSL_set_fd(connection, descriptor) == 1 && SSL_connect(connection) == 1,
             "TLS handshake");
  char end;
  bench_need(read(descriptor, &end, 1) == 0, "end of a connection"); /* the server closes when it is done */
  SSL_free(connection);
  (void)close(descriptor);
}

static void *call(void *argument) {
  const tcp_client *of = argument;
  for (unsigned i = 0; i < of->count; i++)
    call_once_more(of);
  return NULL;
}

static struct sockaddr_in listen_somewhere(int *listening) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  *listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  bench_need(*listening >= 0 && bind(*listening, (const struct sockaddr *)&address, length) == 0 &&
                 listen(*listening, 128) == 0 && getsockname(*listening, (struct sockaddr *)&address, &length) == 0,
             "listening socket");
  return address;
}

uint64_t tls_over_tcp(const tls_ends *ends, unsigned count) {
  tcp_server server = {.ends = ends, .events = epoll_create1(EPOLL_CLOEXEC), .left = count / CLIENTS * CLIENTS};
  tcp_client client = {.ends = ends, .count = count / CLIENTS};
  bench_need(client.count > 0 && server.left == count, "handshakes for every client");
  client.address = listen_somewhere(&server.listening);
  watch(server.events, server.listening, NULL);
  pthread_t serving, calling[CLIENTS];
  bench_need(pthread_create(&serving, NULL, serve, &server) == 0, "thread");
  for (unsigned i = 0; i < CLIENTS; i++)
    bench_need(pthread_create(&calling[i], NULL, call, &client) == 0, "thread");
  for (unsigned i = 0; i < CLIENTS; i++)
    (void)pthread_join(calling[i], NULL);
  (void)pthread_join(serving, NULL);
  (void)close(server.events);
  (void)close(server.listening);
  return server.used;
}
