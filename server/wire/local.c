#include "wire/local.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* True if the socket at `path` is one that its listener has left behind. */
static bool left_behind(const char *path) {
  struct stat status;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode) || length >= sizeof address.sun_path)
    return false;
  memcpy(address.sun_path, path, length + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return false;
  bool refused = connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED;
  (void)close(fd);
  return refused;
}

int psd_local_bind(uv_pipe_t *pipe, const char *path) {
  if (left_behind(path))
    (void)unlink(path);
  mode_t before = umask(S_IXUSR | S_IRWXG | S_IRWXO);
  int result = uv_pipe_bind(pipe, path);
  (void)umask(before);
  return result;
}

const char *psd_local_share(const char *path, const char *group) {
  struct stat status;
  const struct group *row = getgrnam(group);
  if (row == NULL)
    return "there is no such group";
  if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode))
    return "the socket is gone";
  /* The group first: what was the old group's is never open to it. */
  if (lchown(path, (uid_t)-1, row->gr_gid) == 0 && chmod(path, S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) == 0)
    return NULL;
  return errno == EPERM ? "the user that this runs as does not belong to the group" : strerror(errno);
}
