/* A way to a card on the bench on which answers, or the card itself, get lost where a test wants it. */
#ifndef PSD_READER_LOSSY_H
#define PSD_READER_LOSSY_H

#include "psd/reader/evidence.h"
#include "rig.h"

typedef enum lossy_kind {
  LOSSY_RESET,  /* another program has reset the card */
  LOSSY_GONE,   /* taken out, and put back */
  LOSSY_LATE,   /* no answer in time */
  LOSSY_WORDS,  /* an answer that is none */
  LOSSY_MEMORY, /* 6581: its end is unknown */
  LOSSY_REST,   /* 61xx, and GET RESPONSE finds nothing */
  LOSSY_KINDS,
} lossy_kind;

typedef struct lossy {
  rig *r;
  lossy_kind kind;
  bool after;         /* the card has done it before the answer is lost; otherwise the command never arrived */
  unsigned at, again; /* the exchange that is lost, from 0; and as many after it again, 0 for none */
  unsigned seen;      /* exchanges since lossy_arm */
  unsigned lost;      /* answers */
  unsigned absent;    /* so many times the card is not there when it is reached for */
  bool armed;
  /* Called before the card is reached anew; NULL for nothing. */
  void (*meanwhile)(rig *r);
} lossy;

/* A host on the rig's card, this way. Fatal CUnit assertion on failure. */
psd_host *lossy_host(lossy *way);
/* From the next exchange on answers get lost. */
void lossy_arm(lossy *way, lossy_kind kind, bool after, unsigned at, unsigned again);

#endif
