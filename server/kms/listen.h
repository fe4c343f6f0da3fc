/* A Unix socket to listen at, that only its owner may connect to, or a group as well. */
#ifndef PSD_KMS_LISTEN_H
#define PSD_KMS_LISTEN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "kms/log.h"

typedef struct psd_kms_socket {
  int fd;
  struct stat identity; /* of the file: what is removed at the end is ours */
} psd_kms_socket;

/* Binds and listens. A socket that nobody serves any more is replaced; one that is served, and anything else at that
 * path, is refused with the reason in `why`. `group` may connect as well; NULL for none. */
bool psd_kms_socket_listen(psd_kms_socket *listener, const char *path, const char *group, char why[PSD_KMS_WHY_MAX]);
/* Removes the file, if it is still the one that was made. The descriptor is closed by whoever has taken it over. */
void psd_kms_socket_remove(const psd_kms_socket *listener, const char *path);

#endif
