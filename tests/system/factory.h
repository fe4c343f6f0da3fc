/* What every world begins as. */
#ifndef PSD_SYSTEM_FACTORY_H
#define PSD_SYSTEM_FACTORY_H

#include "world.h"

typedef struct factory {
  char folder[64];
  char file[96]; /* the database */
  psd_keyring *ring;
  uint8_t *images[WORLD_METERS]; /* the memory of the cards */
  world first;                   /* accounts, devices and owners */
} factory;

/* Made when it is first asked for. */
const factory *factory_first(void);
/* Once, when no world is needed any more. */
void factory_forget(void);
/* A database and what the engine has beside it. */
void factory_remove(const char *file);

#endif
