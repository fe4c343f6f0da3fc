#include "kms/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/local.h"

#define BACKLOG 64

static bool refuse(char *why, const char *path, const char *reason) {
  (void)snprintf(why, PSD_KMS_WHY_MAX, "%.110s: %.80s", path, reason);
  return false;
}

/* Makes way: a socket whose server is gone answers nobody. */
static bool clear(const struct sockaddr_un *address, char *why) {
  struct stat status;
  if (lstat(address->sun_path, &status) != 0)
    return errno == ENOENT || refuse(why, address->sun_path, strerror(errno));
  if (!S_ISSOCK(status.st_mode) || status.st_uid != geteuid())
    return refuse(why, address->sun_path, "is there and is no socket of ours: choose another path");
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool served = fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno != ECONNREFUSED;
  if (fd >= 0)
    (void)close(fd);
  if (served)
    return refuse(why, address->sun_path, "is served already");
  return unlink(address->sun_path) == 0 || refuse(why, address->sun_path, strerror(errno));
}

static bool share(const char *path, const char *group, char *why) {
  const char *reason = group != NULL ? psd_local_share(path, group) : NULL;
  return reason == NULL || refuse(why, group, reason);
}

bool psd_kms_socket_listen(psd_kms_socket *listener, const char *path, const char *group, char why[PSD_KMS_WHY_MAX]) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path)
    return refuse(why, path, "the path of a socket has at most 107 characters");
  memcpy(address.sun_path, path, strlen(path) + 1U);
  if (!clear(&address, why))
    return false;
  listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* The mode that umask leaves is in force from the first moment on. */
  mode_t before = umask(S_IRWXG | S_IRWXO | S_IXUSR);
  bool done = listener->fd >= 0 && bind(listener->fd, (const struct sockaddr *)&address, sizeof address) == 0;
  (void)umask(before);
  done = (done && lstat(path, &listener->identity) == 0 && listen(listener->fd, BACKLOG) == 0) ||
         refuse(why, path, strerror(errno));
  if (done && !share(path, group, why)) {
    psd_kms_socket_remove(listener, path);
    done = false;
  }
  if (!done && listener->fd >= 0)
    (void)close(listener->fd);
  return done;
}

void psd_kms_socket_remove(const psd_kms_socket *listener, const char *path) {
  struct stat status;
  if (lstat(path, &status) == 0 && status.st_ino == listener->identity.st_ino &&
      status.st_dev == listener->identity.st_dev)
    (void)unlink(path);
}
