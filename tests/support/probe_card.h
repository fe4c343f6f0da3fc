/* A card for tests of what lies around a card: it implements psd/card.h, counts what is done to it, and answers each
 * command with its own bytes and 9000.
 *
 *   xx EE …   the card works until psd_probe_release is called
 *   a command that is longer than an answer may be: 6700 */
#ifndef PSD_PROBE_CARD_H
#define PSD_PROBE_CARD_H

#include "psd/card.h"

#define PSD_PROBE_WORK 0xEE
#define PSD_PROBE_ATR "3B8480014E554C4C1E"

typedef struct psd_probe_counts {
  unsigned power_ons, power_offs, resets, commands;
  bool on;
} psd_probe_counts;

/* A card in memory of its own; free() it. */
psd_card *psd_probe_new(void);
/* What was done to it so far. From any thread. */
psd_probe_counts psd_probe_count(const psd_card *card);
/* Waits until the card works at a command, and lets it go on. From any thread. */
void psd_probe_wait_working(psd_card *card);
void psd_probe_release(psd_card *card);

#endif
