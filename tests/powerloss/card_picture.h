/* What a card remembers, in a form in which two cards can be compared: everything but salts and where bytes lie. */
#ifndef PSD_TEST_CARD_PICTURE_H
#define PSD_TEST_CARD_PICTURE_H

#include "rig.h"

/* A PIN or PUK: tries, and which of the known values it has. */
typedef struct picture_pin {
  uint64_t tries;
  uint8_t there;
  char value[17]; /* "?" for none of the known ones */
} picture_pin;

typedef struct picture {
  bool blank; /* no card was made yet: nothing else counts */
  psd_core core;
  picture_pin pin, puk;
  psd_transport_keys keys;
  int32_t length[PSD_STORE_RECORDS_MAX]; /* of every record, -1 for none */
  uint32_t checksum[PSD_STORE_RECORDS_MAX];
} picture;

/* Where two pictures differ; a set. */
enum picture_part {
  PICTURE_STATE = 0x001,
  PICTURE_WRITTEN = 0x002,   /* which objects were ever written */
  PICTURE_SETTINGS = 0x004,  /* funds, limits, watchdog, PIN policy, clock */
  PICTURE_LOG = 0x008,       /* one record more, and nothing else of the log */
  PICTURE_LOG_TWO = 0x80000, /* another one, of the same change */
  PICTURE_REACHED = 0x010,   /* the latest time shown */
  PICTURE_PIN_TRIES = 0x020,
  PICTURE_PIN_VALUE = 0x040,
  PICTURE_PUK_TRIES = 0x080,
  PICTURE_PUK_VALUE = 0x100,
  PICTURE_KEYS = 0x200,
  PICTURE_SEQUENCE = 0x400,
  PICTURE_OBJECTS = 0x800,
  PICTURE_BLANK = 0x1000,
  PICTURE_KEY_PAIR = 0x2000,   /* the secret of the PSD's own key pair */
  PICTURE_FUNDS = 0x4000,      /* registers, last operation, last refill, last answer about funds */
  PICTURE_ORDER = 0x10000,     /* the provider's last order */
  PICTURE_EVIDENCE = 0x20000,  /* the last evidence, and what is remembered of evidence */
  PICTURE_RATES = 0x40000,     /* what is looked up of the rate tables; the tables are objects */
  PICTURE_SERVICES = 0x100000, /* the certificate meter: its counters, the last service, users' keys */
  PICTURE_FORBIDDEN = 0x8000,  /* anything that no command of these tests may change */
};

/* Takes the picture of a card that is on. A fatal assertion if it is FAULTED (a card that was never made apart), if a
 * record cannot be read, if the registers do not balance, if they are not those of the last evidence where there is
 * any, or if the log's hash chain does not hold. */
void picture_take(rig *r, picture *of);
/* The set of parts in which they differ. */
unsigned picture_difference(const picture *a, const picture *b);
bool picture_same(const picture *a, const picture *b);
/* What a card answers to GET DATA for every object of the table; nothing where it refuses. */
typedef struct picture_answers {
  bool given[PSD_OBJECT_COUNT];
  uint32_t checksum[PSD_OBJECT_COUNT];
} picture_answers;
void picture_ask(rig *r, picture_answers *answers);
/* What the card answers now is what it answered at one of two times, or a refusal; its state and its self-test, which
 * may be FAULTED now, apart. */
bool picture_answers_true(rig *r, const picture_answers *before, const picture_answers *after);

/* The card says the same of itself as its memory does: life cycle, PIN status, key status and log head by GET DATA. */
bool picture_told(rig *r, const picture *of);

#endif
