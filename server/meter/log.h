/* The meter server's log: one JSON object a line. Secrets never come here.
 *
 * Lines are written by a thread of the log's own, so that a reader of them that is slow holds nobody up; what it cannot
 * take is dropped, and counted in the next line ("lost"). One thread at a time makes lines. */
#ifndef PSD_METER_LOG_H
#define PSD_METER_LOG_H

#include "psd/program/json.h"

typedef enum psd_meter_level {
  PSD_METER_ERROR,
  PSD_METER_WARNING,
  PSD_METER_INFO,
  PSD_METER_DEBUG,
} psd_meter_level;

/* The level with this name; false for none. */
bool psd_meter_level_named(const char *name, psd_meter_level *level);

/* Bytes of lines that wait for a slow reader. */
#define PSD_METER_LOG_ROOM 262144U

typedef struct psd_meter_log psd_meter_log;

/* A log to the file `fd`, which stays its owner's. NULL without memory or thread. */
psd_meter_log *psd_meter_log_new(int fd, psd_meter_level level);
/* Waits until what is there is written, but no longer than a second; NULL is fine. Returns false, and leaves the memory
 * to a writer that hangs, if there was more. */
bool psd_meter_log_free(psd_meter_log *log);
void psd_meter_log_set_level(psd_meter_log *log, psd_meter_level level);

/* Begins a line: an object with time, level and event, to which the caller adds. NULL if nobody wants it (the level, or
 * `log` is NULL): then there is no line to end. */
psd_json *psd_meter_log_line(psd_meter_log *log, psd_meter_level level, const char *event);
void psd_meter_log_end(psd_meter_log *log);
/* A whole line with a text; `words` may be NULL. */
void psd_meter_log_say(psd_meter_log *log, psd_meter_level level, const char *event, const char *words);

#endif
