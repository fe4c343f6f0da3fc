#include "verify/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDING ".XXXXXX"

/* The rights that a new file has. */
static mode_t new_mode(void) {
  mode_t mask = umask(0);
  (void)umask(mask);
  return (mode_t)(S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH) & ~mask;
}

/* True for what no file may take the place of: a device, a pipe, a folder. */
static bool is_special(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

bool psd_output_open(psd_output *output, const char *path) {
  *output = (psd_output){.path = path};
  if (strcmp(path, "-") == 0 || is_special(path)) {
    output->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    return output->file != NULL;
  }
  size_t length = strlen(path);
  output->temporary = malloc(length + sizeof ENDING);
  if (output->temporary == NULL)
    return false;
  memcpy(output->temporary, path, length);
  memcpy(output->temporary + length, ENDING, sizeof ENDING);
  int file = mkstemp(output->temporary);
  if (file < 0) {
    free(output->temporary);
    output->temporary = NULL;
    return false;
  }
  if (fchmod(file, new_mode()) == 0)
    output->file = fdopen(file, "w");
  if (output->file == NULL) {
    int why = errno;
    (void)close(file);
    psd_output_drop(output);
    errno = why;
  }
  return output->file != NULL;
}

void psd_output_drop(psd_output *output) {
  if (output->file != NULL && output->file != stdout)
    (void)fclose(output->file);
  if (output->temporary != NULL)
    (void)unlink(output->temporary);
  free(output->temporary);
  output->temporary = NULL;
  output->file = NULL;
}

bool psd_output_end(psd_output *output) {
  if (output->file == NULL)
    return true;
  bool done = fflush(output->file) == 0 && ferror(output->file) == 0;
  if (output->file == stdout)
    return done;
  bool whole = output->temporary != NULL;
  done = done && (!whole || fsync(fileno(output->file)) == 0);
  done = fclose(output->file) == 0 && done;
  output->file = NULL;
  done = done && (!whole || rename(output->temporary, output->path) == 0);
  int why = errno;
  if (done) {
    free(output->temporary);
    output->temporary = NULL;
  } else {
    psd_output_drop(output);
  }
  errno = why;
  return done;
}
