#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "psd/spec/chars.h"

#define HOST_MAX 256U
#define BACKLOG 128

/* "127.0.0.1:3161", "[::1]:3161"; false for anything else. */
static bool split(const char *address, char host[HOST_MAX], const char **port) {
  const char *colon = strrchr(address, ':');
  if (colon == NULL || colon == address || !psd_port(colon + 1))
    return false;
  bool bracketed = address[0] == '[' && colon[-1] == ']';
  const char *from = bracketed ? address + 1 : address;
  size_t length = (size_t)(colon - from) - (bracketed ? 1 : 0);
  if (length == 0 || length >= HOST_MAX || (!bracketed && memchr(from, ':', length) != NULL))
    return false;
  memcpy(host, from, length);
  host[length] = '\0';
  *port = colon + 1;
  return true;
}

static bool is_local(const struct sockaddr_storage *at) {
  const struct sockaddr_in *four = (const void *)at;
  const struct sockaddr_in6 *six = (const void *)at;
  if (at->ss_family == AF_INET)
    return ntohl(four->sin_addr.s_addr) >> 24 == 127;
  return at->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static bool describe(int fd, uint16_t *port, bool *local) {
  struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
  socklen_t length = sizeof at;
  if (getsockname(fd, (struct sockaddr *)&at, &length) != 0)
    return false;
  const struct sockaddr_in *four = (const void *)&at;
  const struct sockaddr_in6 *six = (const void *)&at;
  *port = ntohs(at.ss_family == AF_INET ? four->sin_port : six->sin6_port);
  *local = is_local(&at);
  return true;
}

static int listen_at(const struct addrinfo *at) {
  int on = 1, fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
  if (fd < 0)
    return -1;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && bind(fd, at->ai_addr, at->ai_addrlen) == 0 &&
      listen(fd, BACKLOG) == 0)
    return fd;
  int why = errno;
  (void)close(fd);
  errno = why;
  return -1;
}

psd_result psd_tsa_listen(const char *address, int *fd, uint16_t *port, bool *local, psd_error *error) {
  const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  char host[HOST_MAX];
  const char *service;
  *fd = -1;
  if (!split(address, host, &service))
    return psd_error_set(error, PSD_BAD_INPUT, "--listen is HOST:PORT, such as 127.0.0.1:3161, not %.80s", address);
  int status = getaddrinfo(host, service, &hints, &found);
  if (status != 0)
    return psd_error_set(error, PSD_BAD_INPUT, "--listen %.80s: %s", address, gai_strerror(status));
  *fd = listen_at(found);
  freeaddrinfo(found);
  if (*fd < 0 || !describe(*fd, port, local))
    return psd_error_set(error, PSD_REFUSED, "cannot listen at %.80s: %s", address, strerror(errno));
  return PSD_OK;
}
