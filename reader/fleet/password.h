/* The password of the user who signs on. */
#ifndef PSD_FLEET_PASSWORD_H
#define PSD_FLEET_PASSWORD_H

#include "psd/reader.h"

typedef struct psd_fleet_password {
  char bytes[256]; /* the longest one has 255, as in psd */
  size_t length;
} psd_fleet_password;

/* The first line of a file; "-" is standard input. A file that others may read is used, with a warning on standard
 * error. The caller wipes it; anything but PSD_OK leaves it wiped. */
psd_result psd_fleet_password_read(const char *path, psd_fleet_password *password, psd_error *error);

#endif
