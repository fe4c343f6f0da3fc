/* Layouts (messages.def): a struct for each, and one codec for all. */
#ifndef PSD_SPEC_MESSAGES_H
#define PSD_SPEC_MESSAGES_H

#include "psd/spec/cursor.h"

typedef enum psd_field_kind {
  PSD_KIND_UINT,
  PSD_KIND_AMOUNT,
  PSD_KIND_TIME,
  PSD_KIND_STATE,
  PSD_KIND_EVENT,
  PSD_KIND_FAULT,
  PSD_KIND_SERIAL,
  PSD_KIND_FLAG,
  PSD_KIND_SPAN,
  PSD_KIND_MODE,
  PSD_KIND_KEYS,
  PSD_KIND_LITTLE,
  PSD_KIND_LITTLE_AMOUNT,
  PSD_KIND_LITTLE_SERIAL,
  PSD_KIND_TEXT,
  PSD_KIND_BYTES,
  PSD_KIND_SECRET,
} psd_field_kind;

/* struct psd_registers and so on: numbers as uint64_t, the rest as arrays of their size. */
#define PSD_C_UINT(field, size) uint64_t field;
#define PSD_C_AMOUNT(field, size) uint64_t field;
#define PSD_C_TIME(field, size) uint64_t field;
#define PSD_C_STATE(field, size) uint64_t field;
#define PSD_C_EVENT(field, size) uint64_t field;
#define PSD_C_FAULT(field, size) uint64_t field;
#define PSD_C_SERIAL(field, size) uint64_t field;
#define PSD_C_FLAG(field, size) uint64_t field;
#define PSD_C_SPAN(field, size) uint64_t field;
#define PSD_C_MODE(field, size) uint64_t field;
#define PSD_C_KEYS(field, size) uint64_t field;
#define PSD_C_LITTLE(field, size) uint64_t field;
#define PSD_C_LITTLE_AMOUNT(field, size) uint64_t field;
#define PSD_C_LITTLE_SERIAL(field, size) uint64_t field;
#define PSD_C_TEXT(field, size) uint8_t field[size];
#define PSD_C_BYTES(field, size) uint8_t field[size];
#define PSD_C_SECRET(field, size) uint8_t field[size];
#define PSD_MESSAGE(NAME, name, words) typedef struct psd_##name {
#define PSD_FIELD(name, field, kind, size, words) PSD_C_##kind(field, size)
#define PSD_MESSAGE_END(NAME, name)                                                                                    \
  }                                                                                                                    \
  psd_##name;
#include "messages.def"
#undef PSD_MESSAGE
#undef PSD_FIELD
#undef PSD_MESSAGE_END

#define PSD_MESSAGE(NAME, name, words) PSD_MESSAGE_##NAME,
#define PSD_FIELD(name, field, kind, size, words)
#define PSD_MESSAGE_END(NAME, name)
typedef enum psd_message_id {
#include "messages.def"
  PSD_MESSAGE_COUNT
} psd_message_id;
#undef PSD_MESSAGE
#undef PSD_FIELD
#undef PSD_MESSAGE_END

/* PSD_SIZE_REGISTERS and so on: encoded length in bytes. */
#define PSD_MESSAGE(NAME, name, words) PSD_SIZE_##NAME = (0
#define PSD_FIELD(name, field, kind, size, words) +(size)
#define PSD_MESSAGE_END(NAME, name) ),
enum psd_message_sizes {
#include "messages.def"
};
#undef PSD_MESSAGE
#undef PSD_FIELD
#undef PSD_MESSAGE_END

typedef struct psd_field {
  uint16_t offset; /* in the struct */
  uint8_t size;    /* encoded, bytes */
  uint8_t kind;    /* psd_field_kind */
} psd_field;

typedef struct psd_message {
  const psd_field *fields;
  size_t field_count;
  size_t size;        /* encoded, bytes */
  size_t struct_size; /* in memory */
} psd_message;

/* The fields of all layouts, one after the other; and the layouts. */
extern const psd_field psd_fields[];
extern const psd_message psd_messages[PSD_MESSAGE_COUNT];

/* What machines and people call a layout or a field of the tables above. */
const char *psd_message_name(const psd_message *message);
const char *psd_message_words(const psd_message *message);
const char *psd_field_name(const psd_field *field);
const char *psd_field_words(const psd_field *field);

/* True for the kinds that a struct holds as a number. */
bool psd_kind_is_number(unsigned kind);
/* Takes a field of such a kind; 0 when bytes are missing, and the cursor fails. */
uint64_t psd_take_field_number(psd_cursor *cursor, const psd_field *field);

/* Appends the struct `value` of layout `id`. A number that is too large for its field fails as an overflow. */
void psd_put_message(psd_buffer *buffer, psd_message_id id, const void *value);
/* Takes one message of layout `id` into the struct `value`. False (and the cursor fails) when bytes are missing;
 * `value` is then in part unset and must not be used. */
bool psd_take_message(psd_cursor *cursor, psd_message_id id, void *value);
/* The whole of `length` bytes is one message of layout `id`. */
bool psd_parse_message(const void *data, size_t length, psd_message_id id, void *value);

#endif
