/* Serves the operations at a Unix socket, until SIGTERM or SIGINT. */
#ifndef PSD_KMS_SERVER_H
#define PSD_KMS_SERVER_H

#include "kms/listen.h"
#include "kms/service.h"
#include "kms/vault.h"

/* Connections at once; another one is closed. */
#define PSD_KMS_CLIENTS_MAX 256U

typedef struct psd_kms_serving {
  psd_kms *kms;
  const char *dir; /* watched: other keys there are taken on */
  psd_role role;
  const char *path;                      /* of the socket */
  psd_kms_socket socket;                 /* taken over */
  const struct psd_kms_classic *classic; /* suite classic; NULL without it */
  const psd_kms_policy *policy;          /* stays its owner's */
  bool quiet;                            /* says nothing on standard error */
  bool filter;                           /* only the system calls that serving takes, once it serves */
} psd_kms_serving;

/* Returns true after an orderly end; false, with the reason, if it could not begin. */
bool psd_kms_serve(const psd_kms_serving *serving, char why[PSD_KMS_WHY_MAX]);

#endif
