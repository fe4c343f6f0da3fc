/* The inside of publish.h. */
#ifndef PSD_PUBLISH_INTERNAL_H
#define PSD_PUBLISH_INTERNAL_H

#include <microhttpd.h>
#include <openssl/ocsp.h>
#include <pthread.h>
#include <stdbool.h>

#include "authority/authority.h"
#include "publish/publish.h"

/* Sockets of key management systems, and bytes of a path (unix(7)). */
#define PSD_PUBLISH_KMS_MAX 8U
#define PSD_PUBLISH_PATH_MAX 108U
/* CA keys whose certificates may be in use. */
#define PSD_PUBLISH_CAS_MAX 32U
#define PSD_PUBLISH_THREADS_MAX 16U
/* Bytes of the longest OCSP request, and certificates that one may ask about. */
#define PSD_PUBLISH_REQUEST_MAX 4096U
#define PSD_PUBLISH_ASKED_MAX 16
/* Seconds for which a list, and an answer about a certificate, is good; and after which a list is made anew. */
#define PSD_PUBLISH_LIST_GOOD 86400U
#define PSD_PUBLISH_LIST_EVERY 3600U
#define PSD_PUBLISH_ANSWER_GOOD 3600U

/* How an errand ended. */
typedef enum psd_published {
  PSD_PUBLISHED,
  PSD_PUBLISHED_NONE,   /* there is no such thing */
  PSD_PUBLISHED_LATER,  /* database or key management system do not answer */
  PSD_PUBLISHED_FAILED, /* memory or library; or what came makes no sense */
} psd_published;

/* Who answers about the certificates of a CA key: a key that never leaves this memory. */
typedef struct psd_publish_responder {
  EVP_PKEY *key;
  X509 *certificate;
  uint32_t number; /* its serial number; 0 for none yet */
  uint64_t until;  /* another is made in good time before that; 0 for none */
} psd_publish_responder;

/* A CA key; stays where it is until the end. */
typedef struct psd_publish_ca {
  uint32_t key;
  X509 *certificate;
  uint8_t der[PSD_CERTIFICATE_MAX];
  size_t length;
  pthread_mutex_t lock; /* of what follows */
  uint8_t *list;        /* DER; NULL for none yet */
  size_t list_length;
  uint64_t list_made;
  uint8_t list_of[32];                   /* SHA-256 of the entries in it */
  psd_publish_responder responder, next; /* next: waits for its certificate */
} psd_publish_ca;

/* Certificates that are asked for by no key: root and creditor, as they are now. */
typedef struct psd_publish_own {
  uint8_t der[PSD_CERTIFICATE_MAX];
  size_t length;
  uint64_t asked;
} psd_publish_own;

struct psd_publish {
  psd_publish_settings settings;
  char database[512];
  struct MHD_Daemon *daemon;
  pthread_mutex_t lock; /* of what follows */
  char kms[PSD_PUBLISH_KMS_MAX][PSD_PUBLISH_PATH_MAX];
  size_t kms_count;
  psd_db *idle[PSD_PUBLISH_THREADS_MAX]; /* connections that nobody uses now */
  size_t idle_count;
  psd_publish_own own[3]; /* by psd_authority_own; of the CA only when it was asked for */
  psd_publish_ca *cas[PSD_PUBLISH_CAS_MAX];
  size_t ca_count;
  uint32_t active; /* the CA key in force; 0 for not known */
  uint64_t active_asked;
  const char *warned; /* the last warning, and when */
  uint64_t warned_at;
  pthread_mutex_t search; /* of what follows */
  uint64_t searched;      /* when older CA keys were looked for */
};

/* Seconds since 1970. */
uint64_t psd_publish_now(void);
/* `event` is a literal. The same warning comes once a second. */
void psd_publish_say(psd_publish *publish, psd_publish_level level, const char *event, const char *words);

/* ask.c: asks the key management systems, one after the other until one answers. `answer` has `*length` bytes of room
 * and gets as many as came. NONE if it refuses; LATER if none can be asked. */
psd_published psd_publish_ask(psd_publish *publish, psd_frame_type type, psd_frame_type wanted, const void *body,
                              size_t body_length, uint8_t *answer, size_t *length);

/* base.c: a connection to the database, for a while; NULL if there is none. It goes back with what the last call on it
 * has said. */
psd_db *psd_publish_borrow(psd_publish *publish);
void psd_publish_return(psd_publish *publish, psd_db *db, psd_db_result result);
/* Does `work` in a transaction; it may be done again after a conflict. */
typedef psd_db_result psd_publish_work(psd_db *db, void *context);
psd_db_result psd_publish_transaction(psd_publish *publish, bool write, psd_publish_work *work, void *context);
/* The next serial number of a certificate. */
psd_published psd_publish_number(psd_publish *publish, uint32_t *number);

/* own.c: the root's or the creditor's certificate, as it is now. */
psd_published psd_publish_own_certificate(psd_publish *publish, psd_authority_own kind,
                                          uint8_t der[PSD_CERTIFICATE_MAX], size_t *length);
/* The CA with this key, 0 for the one in force. NONE for a key that is no CA's, or is newer than the one in force was a
 * minute ago: nobody is asked about numbers that anybody may make up. */
psd_published psd_publish_find_ca(psd_publish *publish, uint32_t key, psd_publish_ca **ca);
/* The CA that `id` names as issuer; NONE for a foreign one. */
psd_published psd_publish_issuer(psd_publish *publish, OCSP_CERTID *id, psd_publish_ca **ca);
void psd_publish_ca_free(psd_publish_ca *ca);

/* list.c: the current list of a CA key, in DER; to be freed. */
psd_published psd_publish_list(psd_publish *publish, psd_publish_ca *ca, uint8_t **der, size_t *length);

/* responder.c: who answers for a CA key, with a reference of his own for the caller, who gives it back. */
psd_published psd_publish_responder_of(psd_publish *publish, psd_publish_ca *ca, psd_publish_responder *responder);
void psd_publish_responder_free(psd_publish_responder *responder);

/* ocsp.c: the answer to a request, always one: an OCSPResponse in DER, to be freed with OPENSSL_free. False without
 * memory. */
bool psd_publish_answer(psd_publish *publish, const uint8_t *request, size_t length, uint8_t **der, size_t *der_length);

/* page.c: the page that says what there is; to be freed. NULL without memory. */
char *psd_publish_page(psd_publish *publish);

/* route.c: one request over HTTP, as libmicrohttpd calls it. */
enum MHD_Result psd_publish_on_request(void *publish, struct MHD_Connection *connection, const char *url,
                                       const char *method, const char *version, const char *bytes, size_t *size,
                                       void **state);
void psd_publish_on_over(void *publish, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code);

#endif
