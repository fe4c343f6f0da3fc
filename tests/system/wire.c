/* The Host's link, of which this test has another one than reader/link/link.c: the meter server is called instead of
 * written to, and frames are lost, repeated, late, or replaced by old ones, as the plan says. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "psd/reader/link.h"
#include "server.h"

#define FRAMES 64U
#define TOO_LATE 3600U /* seconds: no authorization is good for as long */

struct psd_link {
  world *w;
  server_end *end; /* NULL once the connection is gone */
};

/* What somebody on the wire has recorded: the frames of this connection, and of the one before. */
typedef struct recorded {
  psd_frame_type type;
  bool from_host;
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length;
} recorded;

static world *wired;
static recorded records[2][FRAMES];
static unsigned counts[2], current;

void wire_to(world *w) {
  wired = w;
}

psd_result psd_link_open(psd_peer peer, const char *address, unsigned limit_ms, psd_link **link, psd_error *error) {
  (void)peer;
  (void)address;
  (void)limit_ms;
  *link = calloc(1, sizeof **link);
  if (*link == NULL)
    return psd_error_set(error, PSD_SYSTEM, "out of memory");
  **link = (psd_link){.w = wired, .end = server_call(wired)};
  current = 1 - current;
  counts[current] = 0;
  return PSD_OK;
}

void psd_link_hang_up(psd_link *link) {
  if (link->end != NULL)
    server_hang_up(link->end);
  link->end = NULL;
}

void psd_link_close(psd_link *link) {
  if (link != NULL)
    psd_link_hang_up(link);
  free(link);
}

const char *psd_link_name(const psd_link *link) {
  (void)link;
  return "meter server";
}

bool psd_link_is_open(const psd_link *link) {
  return link->end != NULL;
}

/* Records a frame; or puts in its place what was there in the connection before, if the plan says so. */
static void meddle(psd_link *link, bool from_host, psd_frame_type *type, psd_buffer *body) {
  unsigned at = counts[current];
  if (at == FRAMES || body->length > sizeof records[current][at].body)
    return;
  recorded *now = &records[current][at];
  const recorded *old = &records[1 - current][at];
  *now = (recorded){.type = *type, .from_host = from_host, .length = body->length};
  memcpy(now->body, body->data, body->length);
  counts[current]++;
  if (!fault_now(link->w->plan, &link->w->count, FAULT_OLD) || at >= counts[1 - current] ||
      old->from_host != from_host || old->length > body->capacity)
    return;
  *type = old->type;
  body->length = 0;
  psd_put(body, old->body, old->length);
}

static bool lost(psd_link *link) {
  if (link->end != NULL && fault_now(link->w->plan, &link->w->count, FAULT_LATE))
    world_wait(link->w, TOO_LATE);
  if (link->end != NULL && fault_now(link->w->plan, &link->w->count, FAULT_LOSE))
    psd_link_hang_up(link);
  return link->end == NULL;
}

/* Who sends does not learn that a frame is lost. */
psd_result psd_link_send(psd_link *link, psd_frame_type type, const void *body, size_t length, psd_error *error) {
  uint8_t bytes[PSD_FRAME_BODY_MAX];
  psd_buffer frame = psd_buffer_over(bytes, sizeof bytes);
  if (link->end == NULL || !server_is_there(link->end))
    return psd_error_set(error, PSD_LOST, "the connection is closed");
  if (lost(link))
    return PSD_OK;
  psd_put(&frame, body, length);
  meddle(link, true, &type, &frame);
  server_take(link->end, type, frame.data, frame.length);
  if (fault_now(link->w->plan, &link->w->count, FAULT_REPEAT) && server_is_there(link->end))
    server_take(link->end, type, frame.data, frame.length);
  return PSD_OK;
}

psd_result psd_link_receive(psd_link *link, psd_frame_type *type, psd_buffer *body, psd_error *error) {
  if (link->end == NULL || lost(link) || !server_give(link->end, type, body)) {
    psd_link_hang_up(link);
    return psd_error_set(error, PSD_LOST, "the connection was lost");
  }
  meddle(link, false, type, body);
  return PSD_OK;
}
