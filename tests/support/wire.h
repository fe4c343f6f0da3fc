/* The reader's side of a front end, for tests: sockets, frames and the lines of a log. Nothing here waits longer than
 * PSD_WIRE_MS. */
#ifndef PSD_WIRE_H
#define PSD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PSD_WIRE_MS 10000

/* A log that a test reads line by line. */
typedef struct psd_wire_log {
  FILE *writer; /* for the front end */
  int reader;
} psd_wire_log;

psd_wire_log psd_wire_log_open(void);
void psd_wire_log_close(psd_wire_log *log);
/* The next line that contains `part` must come; lines before it are skipped only if `skip`. */
void psd_wire_expect_line(psd_wire_log *log, const char *part, bool skip);
/* No line must be there. */
void psd_wire_expect_no_line(psd_wire_log *log);

/* A TCP socket that listens on loopback at `*port`; a free one is chosen and told if it is 0. */
int psd_wire_listen(uint16_t *port);
/* The next caller must come. */
int psd_wire_accept(int listener);
int psd_wire_connect_tcp(uint16_t port);
int psd_wire_connect_local(const char *path);

/* Sends raw bytes, given in hexadecimal. */
void psd_wire_send(int fd, const char *hex);
/* Sends one message with its length. */
void psd_wire_send_message(int fd, const void *message, size_t length);
/* The next message must be these bytes. */
void psd_wire_expect(int fd, const char *hex);
/* The next message; returns its length. */
size_t psd_wire_receive(int fd, uint8_t *message, size_t capacity);
/* The other side must close the connection, with nothing before that. */
void psd_wire_expect_end(int fd);
/* True if something can be read from `fd` now or comes within `timeout_ms`. */
bool psd_wire_readable(int fd, int timeout_ms);

#endif
