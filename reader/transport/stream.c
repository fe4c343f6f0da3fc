#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "psd/spec/chars.h"

#define HOST_MAX 256U

static int64_t now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for `events`. A signal does not shorten the wait. */
static psd_result await(int fd, const psd_socket_peer *peer, short events, int64_t deadline, psd_error *error) {
  for (;;) {
    int64_t left = deadline - now_ms();
    struct pollfd waiting = {.fd = fd, .events = events};
    int ready = poll(&waiting, 1, left > 0 ? (int)left : 0);
    if (ready > 0)
      return PSD_OK;
    if (ready == 0)
      return psd_error_set(error, PSD_TIMEOUT, "the %s did not answer in time", peer->name);
    if (errno != EINTR)
      return psd_error_set(error, PSD_LOST, "the connection failed: %s", strerror(errno));
  }
}

/* Connects a new non-blocking socket; -1 with errno set. */
static int dial(int family, const struct sockaddr *to, socklen_t length, int limit_ms) {
  int fd = socket(family, SOCK_STREAM, 0);
  if (fd < 0)
    return -1;
  const int yes = 1;
  int failure = 0;
  /* Two short messages in a row must not wait for the first one's acknowledgement, which may take 40 ms. */
  if (family != AF_UNIX)
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || connect(fd, to, length) < 0)
    failure = errno;
  if (failure == EINPROGRESS) {
    static const psd_socket_peer nobody = {"", PSD_LOST};
    psd_error unused;
    socklen_t size = sizeof failure;
    if (await(fd, &nobody, POLLOUT, now_ms() + limit_ms, &unused) != PSD_OK)
      failure = ETIMEDOUT;
    else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0)
      failure = errno;
  }
  if (failure == 0)
    return fd;
  (void)close(fd);
  errno = failure;
  return -1;
}

static int dial_path(const char *path, int limit_ms) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length >= sizeof to.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(to.sun_path, path, length + 1);
  return dial(AF_UNIX, (const struct sockaddr *)&to, sizeof to, limit_ms);
}

/* Splits "host:port" or "[address]:port"; false if there is no such port or the host is too long. */
static bool split(const char *address, char host[HOST_MAX], const char **port) {
  const char *colon = strrchr(address, ':');
  if (colon == NULL || !psd_port(colon + 1))
    return false;
  size_t length = (size_t)(colon - address);
  if (length >= 2 && address[0] == '[' && colon[-1] == ']') {
    address++;
    length -= 2;
  }
  if (length == 0 || length >= HOST_MAX)
    return false;
  memcpy(host, address, length);
  host[length] = '\0';
  *port = colon + 1;
  return true;
}

static psd_result absent(const psd_socket_peer *peer, const char *address, const char *why, psd_error *error) {
  return psd_error_set(error, peer->absent, "no %s at %s: %s", peer->name, address, why);
}

static psd_result open_tcp(const char *address, const psd_socket_peer *peer, int limit_ms, int *fd, psd_error *error) {
  char host[HOST_MAX];
  const char *port = NULL;
  if (!split(address, host, &port))
    return psd_error_set(error, PSD_BAD_INPUT, "%s is neither host:port nor the path of a socket", address);
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  int failure = getaddrinfo(host, port, &hints, &found);
  if (failure != 0)
    return absent(peer, address, gai_strerror(failure), error);
  *fd = -1;
  int reason = 0;
  for (const struct addrinfo *each = found; each != NULL && *fd < 0; each = each->ai_next) {
    *fd = dial(each->ai_family, each->ai_addr, each->ai_addrlen, limit_ms);
    reason = errno;
  }
  freeaddrinfo(found);
  if (*fd < 0)
    return absent(peer, address, strerror(reason), error);
  return PSD_OK;
}

psd_result psd_socket_open(const char *address, const psd_socket_peer *peer, int limit_ms, int *fd, psd_error *error) {
  if (strchr(address, '/') == NULL && strchr(address, ':') != NULL)
    return open_tcp(address, peer, limit_ms, fd, error);
  *fd = dial_path(address, limit_ms);
  if (*fd < 0)
    return absent(peer, address, strerror(errno), error);
  return PSD_OK;
}

static psd_result broken(const psd_socket_peer *peer, int code, psd_error *error) {
  return psd_error_set(error, PSD_LOST, "the connection to the %s broke: %s", peer->name, strerror(code));
}

psd_result psd_socket_send(int fd, const psd_socket_peer *peer, const void *data, size_t length, int limit_ms,
                           psd_error *error) {
  int64_t deadline = now_ms() + limit_ms;
  const uint8_t *at = data;
  while (length > 0) {
    ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
    if (sent > 0) {
      at += sent;
      length -= (size_t)sent;
    } else if (errno == EAGAIN || errno == EINTR) {
      psd_result result = await(fd, peer, POLLOUT, deadline, error);
      if (result != PSD_OK)
        return result;
    } else {
      return broken(peer, errno, error);
    }
  }
  return PSD_OK;
}

psd_result psd_socket_receive(int fd, const psd_socket_peer *peer, void *data, size_t length, int limit_ms,
                              psd_error *error) {
  int64_t deadline = now_ms() + limit_ms;
  uint8_t *at = data;
  while (length > 0) {
    ssize_t got = recv(fd, at, length, 0);
    if (got > 0) {
      at += got;
      length -= (size_t)got;
    } else if (got == 0) {
      return psd_error_set(error, PSD_LOST, "the %s hung up", peer->name);
    } else if (errno == EAGAIN || errno == EINTR) {
      psd_result result = await(fd, peer, POLLIN, deadline, error);
      if (result != PSD_OK)
        return result;
    } else {
      return broken(peer, errno, error);
    }
  }
  return PSD_OK;
}
