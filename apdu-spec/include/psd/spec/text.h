/* Text for people: bytes, money and times in words. */
#ifndef PSD_SPEC_TEXT_H
#define PSD_SPEC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text under way: each function that takes one appends to it, keeps it NUL-terminated, and cuts what does not fit. */
typedef struct psd_text {
  char *at; /* the memory, `capacity` bytes, stays its owner's */
  size_t capacity;
  size_t length; /* without the NUL */
} psd_text;

/* An empty text over `capacity` (at least 1) bytes. */
psd_text psd_text_over(char *memory, size_t capacity);
/* Appends, printf-like. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void psd_say(psd_text *text, const char *format, ...);
/* Appends bytes in hexadecimal; of more than 96 the first 96 and how many there are. */
void psd_say_hex(psd_text *text, const void *data, size_t length);
/* Appends text that somebody else wrote, in UTF-8. What could work on a terminal (control characters, those of C1 too)
 * and bytes that are no UTF-8 become \xNN. */
void psd_say_text(psd_text *text, const void *data, size_t length);
/* Appends an amount of mills as money, "12.345" or "12.34". */
void psd_say_amount(psd_text *text, uint64_t mills);
/* Appends a date, a number YYYYMMDD, as "2026-11-21". */
void psd_say_date(psd_text *text, uint64_t date);
/* Appends a time of seconds since 1970 as "2026-11-21 17:45:00 UTC"; 0 as "never". */
void psd_say_time(psd_text *text, uint64_t seconds);

#endif
