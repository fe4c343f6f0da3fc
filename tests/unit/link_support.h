/* A server whose answers are all written before they are asked for: what the Host does needs no other thread then. */
#ifndef PSD_LINK_SUPPORT_H
#define PSD_LINK_SUPPORT_H

#include "check.h"
#include "psd/reader/session.h"
#include "reader_support.h"

typedef struct canned {
  sandbox box;
  int listener;
  int fd; /* of the one caller */
  psd_link *link;
} canned;

/* A link of this kind to a server that has accepted it. Fatal CUnit assertion on failure. */
void canned_open(canned *server, psd_peer peer, unsigned limit_ms);
/* Closes both ends; the link only if it was not taken over (server->link set to NULL). */
void canned_close(canned *server);
/* Writes one frame for the Host to find. */
void canned_say(const canned *server, unsigned type, const void *body, size_t length);
/* The same, the body in hexadecimal. */
void canned_say_hex(const canned *server, unsigned type, const char *body);
/* An error signal. */
void canned_signal(const canned *server, psd_signal signal, psd_step step, uint32_t wait);
/* The next frame that the Host has sent must be of this type; returns the length of its body. */
size_t canned_heard(const canned *server, unsigned type, uint8_t body[PSD_FRAME_BODY_MAX]);
/* It must be an error signal, with these. */
void canned_heard_signal(const canned *server, psd_signal signal, psd_step step);
/* Nothing more was sent. */
void canned_heard_nothing(const canned *server);

#endif
