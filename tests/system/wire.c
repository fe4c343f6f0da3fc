/* The Host's link, of which this test has another one than reader/link/link.c: the meter server is called instead of
 * written to, and frames are lost and repeated as the plan says. */
#include "wire.h"

#include <stdlib.h>

#include "psd/reader/link.h"
#include "server.h"

struct psd_link {
  world *w;
  server_end *end; /* NULL once the connection is gone */
};

static world *wired;

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

static bool lost(psd_link *link) {
  if (link->end != NULL && fault_now(link->w->plan, &link->w->count, FAULT_LOSE))
    psd_link_hang_up(link);
  return link->end == NULL;
}

/* Who sends does not learn that a frame is lost. */
psd_result psd_link_send(psd_link *link, psd_frame_type type, const void *body, size_t length, psd_error *error) {
  if (link->end == NULL || !server_is_there(link->end))
    return psd_error_set(error, PSD_LOST, "the connection is closed");
  if (lost(link))
    return PSD_OK;
  server_take(link->end, type, body, length);
  if (fault_now(link->w->plan, &link->w->count, FAULT_REPEAT) && server_is_there(link->end))
    server_take(link->end, type, body, length);
  return PSD_OK;
}

psd_result psd_link_receive(psd_link *link, psd_frame_type *type, psd_buffer *body, psd_error *error) {
  if (link->end == NULL || lost(link) || !server_give(link->end, type, body)) {
    psd_link_hang_up(link);
    return psd_error_set(error, PSD_LOST, "the connection was lost");
  }
  return PSD_OK;
}
