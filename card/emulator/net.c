#include "emulator/net.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Readers that may queue while the front end is busy turning one away. */
#define BACKLOG 4

static void resolve_local(const psd_endpoint *endpoint, psd_addresses *addresses) {
  struct sockaddr_un local = {.sun_family = AF_UNIX};
  _Static_assert(sizeof endpoint->path <= sizeof local.sun_path, "a path fits into an address");
  memcpy(local.sun_path, endpoint->path, sizeof endpoint->path);
  memcpy(&addresses->at[0].address, &local, sizeof local);
  addresses->at[0].length = sizeof local;
  addresses->count = 1;
}

static void add_family(const struct addrinfo *found, int family, psd_addresses *addresses) {
  for (; found != NULL && addresses->count < PSD_ADDRESSES_MAX; found = found->ai_next) {
    if (found->ai_family != family)
      continue;
    psd_address *address = &addresses->at[addresses->count++];
    memcpy(&address->address, found->ai_addr, found->ai_addrlen);
    address->length = found->ai_addrlen;
  }
}

const char *psd_net_resolve(const psd_endpoint *endpoint, psd_addresses *addresses) {
  memset(addresses, 0, sizeof *addresses);
  if (endpoint->local) {
    resolve_local(endpoint, addresses);
    return NULL;
  }
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
  struct addrinfo *found = NULL;
  char port[sizeof "65535"];
  (void)snprintf(port, sizeof port, "%u", (unsigned)endpoint->port);
  int failed = getaddrinfo(endpoint->host, port, &hints, &found);
  if (failed != 0)
    return gai_strerror(failed);
  add_family(found, AF_INET, addresses);
  add_family(found, AF_INET6, addresses);
  freeaddrinfo(found);
  return addresses->count > 0 ? NULL : gai_strerror(EAI_FAMILY);
}

static int open_socket(int family) {
  return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int close_failed(int fd) {
  int reason = errno;
  (void)close(fd);
  errno = reason;
  return -1;
}

/* Removes a Unix socket that refuses connections: whoever made it is gone. */
static void remove_stale(const psd_address *address) {
  struct sockaddr_un local;
  struct stat status;
  memcpy(&local, &address->address, sizeof local);
  if (lstat(local.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
    return;
  int fd = open_socket(AF_UNIX);
  if (fd < 0)
    return;
  if (connect(fd, (const struct sockaddr *)&local, sizeof local) != 0 && errno == ECONNREFUSED)
    (void)unlink(local.sun_path);
  (void)close(fd);
}

static int bind_local(int fd, const psd_address *address) {
  remove_stale(address);
  mode_t old = umask(S_IXUSR | S_IRWXG | S_IRWXO);
  int result = bind(fd, (const struct sockaddr *)&address->address, address->length);
  int reason = errno;
  (void)umask(old);
  errno = reason;
  return result;
}

static int bind_tcp(int fd, const psd_address *address) {
  int yes = 1;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  return bind(fd, (const struct sockaddr *)&address->address, address->length);
}

int psd_net_listen(const psd_address *address) {
  int fd = open_socket(address->address.ss_family);
  if (fd < 0)
    return -1;
  int bound = address->address.ss_family == AF_UNIX ? bind_local(fd, address) : bind_tcp(fd, address);
  return bound == 0 && listen(fd, BACKLOG) == 0 ? fd : close_failed(fd);
}

int psd_net_connect(const psd_address *address) {
  int fd = open_socket(address->address.ss_family);
  if (fd < 0)
    return -1;
  if (connect(fd, (const struct sockaddr *)&address->address, address->length) == 0 || errno == EINPROGRESS)
    return fd;
  return close_failed(fd);
}

/* vpcd's port is one of those that the kernel hands out to callers. While nobody listens there, TCP lets a caller that
 * happens to get this very port connect to itself (RFC 9293, 3.5, simultaneous open): that is no reader. */
static bool connected_to_itself(int fd) {
  struct sockaddr_storage here = {0};
  struct sockaddr_storage there = {0};
  socklen_t here_length = sizeof here;
  socklen_t there_length = sizeof there;
  if (getsockname(fd, (struct sockaddr *)&here, &here_length) != 0 || here.ss_family == AF_UNIX ||
      getpeername(fd, (struct sockaddr *)&there, &there_length) != 0)
    return false;
  return here_length == there_length && memcmp(&here, &there, here_length) == 0;
}

bool psd_net_connected(int fd) {
  int reason = 0;
  socklen_t length = sizeof reason;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &length) == 0 && reason == 0 && !connected_to_itself(fd);
}

int psd_net_accept(int listener) {
  int fd = accept(listener, NULL, NULL);
  if (fd < 0)
    return -1;
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
    return close_failed(fd);
  return fd;
}

void psd_net_prepare(int fd) {
  int yes = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0)
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
}
