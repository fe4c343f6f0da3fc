/* Where the meter server listens. */
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "meter/server.h"
#include "psd/spec/chars.h"
#include "psd/spec/text.h"
#include "wire/local.h"

#define BACKLOG 4096

/* HOST and PORT of "HOST:PORT" or "[HOST]:PORT". */
static bool split(const char *text, char host[PSD_METER_PATH_MAX + 1U], char port[16]) {
  const char *colon = strrchr(text, ':');
  if (colon == NULL || strlen(colon + 1) >= 16 || !psd_port(colon + 1))
    return false;
  size_t length = (size_t)(colon - text);
  if (length >= 2 && text[0] == '[' && colon[-1] == ']') {
    text++;
    length -= 2;
  }
  memcpy(host, text, length);
  host[length] = '\0';
  memcpy(port, colon + 1, strlen(colon + 1) + 1);
  return length > 0;
}

const char *psd_meter_resolve(const char *text, struct sockaddr_storage *address, socklen_t *length) {
  char host[PSD_METER_PATH_MAX + 1U], port[16];
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE}, *list = NULL;
  if (!split(text, host, port))
    return "HOST:PORT is wanted, such as 127.0.0.1:7816, PORT up to 65535";
  int failure = getaddrinfo(host, port, &hints, &list);
  if (failure != 0)
    return gai_strerror(failure);
  memcpy(address, list->ai_addr, list->ai_addrlen);
  *length = list->ai_addrlen;
  freeaddrinfo(list);
  return NULL;
}

void psd_meter_tell(const char *what, int fd) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (getsockname(fd, (struct sockaddr *)&address, &length) != 0 ||
      getnameinfo((const struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return;
  bool six = address.ss_family == AF_INET6;
  (void)printf("%s %s%s%s:%s\n", what, six ? "[" : "", host, six ? "]" : "", port);
  (void)fflush(stdout);
}

/* Where a listener really is. */
static void tell(const uv_tcp_t *listener) {
  uv_os_fd_t fd = -1;
  if (uv_fileno((const uv_handle_t *)listener, &fd) == 0)
    psd_meter_tell("listening on", fd);
}

static bool listen_at(psd_meter_server *server, const char *text, char *words) {
  struct sockaddr_storage address;
  uv_tcp_t *listener = &server->listeners[server->listening];
  socklen_t length = 0;
  const char *wrong = psd_meter_resolve(text, &address, &length);
  (void)uv_tcp_init(&server->loop, listener);
  listener->data = server;
  server->listening++;
  if (wrong == NULL) {
    int failure = uv_tcp_bind(listener, (const struct sockaddr *)&address, 0);
    if (failure == 0)
      failure = uv_listen((uv_stream_t *)listener, BACKLOG, psd_meter_on_call);
    /* psd_stream joins frames already: what is sent shall leave. Linux hands the option on to every connection. */
    if (failure == 0)
      failure = uv_tcp_nodelay(listener, 1);
    wrong = failure == 0 ? NULL : uv_strerror(failure);
  }
  if (wrong != NULL)
    (void)snprintf(words, PSD_METER_WORDS_MAX, "cannot listen on %s: %s", text, wrong);
  return wrong == NULL;
}

static bool listen_for_factory(psd_meter_server *server, char *words) {
  const char *path = server->settings.control;
  if (path[0] == '\0')
    return true;
  (void)uv_pipe_init(&server->loop, &server->control, 0);
  server->control.data = server;
  int failure = psd_local_bind(&server->control, path);
  server->controlled = failure == 0;
  if (failure == 0)
    failure = uv_listen((uv_stream_t *)&server->control, 16, psd_meter_on_control);
  const char *wrong = failure == 0 ? NULL : uv_strerror(failure);
  if (wrong == NULL && server->settings.control_group[0] != '\0')
    wrong = psd_local_share(path, server->settings.control_group);
  if (wrong == NULL)
    return true;
  if (!server->controlled)
    uv_close((uv_handle_t *)&server->control, NULL);
  (void)snprintf(words, PSD_METER_WORDS_MAX, "cannot listen at %.150s: %s", path, wrong);
  return false;
}

bool psd_meter_listen(psd_meter_server *server, char words[PSD_METER_WORDS_MAX]) {
  if (!listen_for_factory(server, words))
    return false;
  for (uint32_t i = 0; i < server->settings.listen.count; i++)
    if (!listen_at(server, server->settings.listen.at[i], words))
      return false;
  for (unsigned i = 0; i < server->listening; i++)
    tell(&server->listeners[i]);
  return true;
}

void psd_meter_unlisten(psd_meter_server *server) {
  for (; server->listening > 0; server->listening--)
    uv_close((uv_handle_t *)&server->listeners[server->listening - 1U], NULL);
  if (!server->controlled)
    return;
  uv_close((uv_handle_t *)&server->control, NULL);
  server->controlled = false;
}
