/* Unix sockets that are listened at. */
#ifndef PSD_SERVER_LOCAL_H
#define PSD_SERVER_LOCAL_H

#include <uv.h>

/* Binds a pipe that uv_pipe_init has initialized to `path`: mode 0600, in the place of a socket that nobody listens at
 * any more, and of nothing else. Changes the process's umask for a moment: call it before there are threads. Returns 0
 * or libuv's error, UV_EADDRINUSE where somebody listens. The caller listens, and removes the path in the end. */
int psd_local_bind(uv_pipe_t *pipe, const char *path);

/* Lets a group connect as well: the socket at `path`, which the caller has just bound, becomes the group's, mode 0660.
 * NULL, or why not, in words. The folder of the socket must be nobody else's to write to. */
const char *psd_local_share(const char *path, const char *group);

#endif
