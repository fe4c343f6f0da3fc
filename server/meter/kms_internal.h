/* The inside of the pool of key management systems. */
#ifndef PSD_METER_KMS_INTERNAL_H
#define PSD_METER_KMS_INTERNAL_H

#include "meter/kms.h"
#include "wire/stream.h"

typedef struct psd_meter_kms_link psd_meter_kms_link;

/* One request, from when it is asked to its answer. */
struct psd_meter_call {
  psd_meter_call *before, *after; /* of the same link, in the order in which they were sent */
  psd_meter_kms_link *link;
  psd_meter_answered *answered;
  void *owner;
  uint64_t sent; /* milliseconds of the loop's clock */
  uint32_t slot, number;
  bool again; /* it was asked a second time */
  psd_frame_type type;
  size_t length;
  uint8_t body[];
};

/* One socket, while it is in use and until everything of it is closed. */
struct psd_meter_kms_link {
  psd_meter_kms_link *next;
  psd_meter_kms *kms;
  char path[PSD_METER_PATH_MAX + 1U];
  psd_stream *stream; /* NULL between two tries */
  uv_connect_t connecting;
  uv_timer_t again;
  unsigned pause; /* milliseconds until the next try */
  size_t calls;
  psd_meter_call *first, *last;
  uint64_t heard; /* milliseconds of the loop's clock: its last answer */
  bool connected, leaving, told;
};

struct psd_meter_kms {
  uv_loop_t *loop;
  psd_meter_log *log;
  uv_timer_t watch; /* looks for answers that do not come */
  uint64_t timeout; /* milliseconds */
  psd_meter_kms_link *links;
  void (*ready)(void *owner);
  void *ready_owner;
  unsigned handles; /* links and the timer, until they are closed */
  bool closing;
  psd_meter_call **slots; /* by the lower bits of the number */
  uint32_t *unused;       /* slots; the lower `unused_count` are free */
  uint32_t unused_count;
  uint32_t round; /* makes numbers differ that use the same slot */
};

/* Adds a socket and begins to connect. */
bool psd_meter_kms_link_add(psd_meter_kms *kms, const char *path);
/* No more requests; closed when the last is answered, or at once if `now`. */
void psd_meter_kms_link_leave(psd_meter_kms_link *link, bool now);
/* The connected link with the least to do, other than `lost` (which may be NULL); NULL for none that takes more. */
psd_meter_kms_link *psd_meter_kms_link_choose(const psd_meter_kms *kms, const psd_meter_kms_link *lost);
/* Drops the connection: what is not answered is asked elsewhere, or has failed; connects anew after a while. */
void psd_meter_kms_link_drop(psd_meter_kms_link *link, const char *why);

/* A frame came from a link. */
void psd_meter_kms_take(psd_meter_kms_link *link, psd_frame_type type, const uint8_t *body, size_t length);
/* What a link that is lost leaves behind. */
void psd_meter_kms_move_calls(psd_meter_kms_link *link);
/* A link or the timer is closed. */
void psd_meter_kms_closed(psd_meter_kms *kms);

#endif
