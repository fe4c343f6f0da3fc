/* What psd-server publishes over HTTP for those who rely on certificates: the authority's own, lists of those that are
 * revoked (RFC 5280, 5), and answers about single ones (OCSP, RFC 6960). See docs/server.md, "What is published".
 *
 * It runs in threads of its own, with connections of its own to database and key management system: nobody who asks
 * here keeps a PSD waiting. */
#ifndef PSD_PUBLISH_H
#define PSD_PUBLISH_H

#include <stddef.h>
#include <stdint.h>

typedef struct psd_publish psd_publish;

typedef enum psd_publish_level {
  PSD_PUBLISH_WARNING, /* somebody should look */
  PSD_PUBLISH_INFO,    /* something was made */
  PSD_PUBLISH_DEBUG,   /* a request was answered */
} psd_publish_level;

typedef struct psd_publish_settings {
  int listener; /* a socket that listens; taken over, and closed in the end */
  const char *database;
  const char *const *kms; /* sockets of key management systems, the first that answers is asked; copied */
  size_t kms_count;
  unsigned kms_limit;   /* milliseconds for an answer from there */
  unsigned threads;     /* each with a connection to the database when it needs one */
  unsigned connections; /* most at a time */
  unsigned idle;        /* seconds of silence after which a connection is closed */
  /* Called by any of the threads, also by the caller's; must not call back. The words are valid during the call. */
  void (*say)(void *user, psd_publish_level level, const char *event, const char *words);
  void *user;
} psd_publish_settings;

/* NULL, and one line in `words`, if it cannot be; the listener is closed then too. */
psd_publish *psd_publish_start(const psd_publish_settings *settings, char *words, size_t room);
/* Other key management systems from now on. */
void psd_publish_use(psd_publish *publish, const char *const *kms, size_t count);
/* Takes no more connections, ends what is being answered, and frees everything. NULL is fine. */
void psd_publish_stop(psd_publish *publish);

#endif
