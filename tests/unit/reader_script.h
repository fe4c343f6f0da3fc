/* A card that follows a script: each command must be the next of the script, and gets the answer beside it. */
#ifndef PSD_READER_SCRIPT_H
#define PSD_READER_SCRIPT_H

#include "check.h"
#include "psd/reader/host.h"

/* Hexadecimal; a command of NULL is any command. */
typedef struct script_line {
  const char *command, *answer;
} script_line;

typedef struct script {
  const char *atr;
  const script_line *lines;
  size_t count;
  bool again; /* the last line is answered for ever */
  bool short_only;
  /* Instead of the lines: makes an answer, returns its length. */
  size_t (*make)(uint8_t *response, size_t capacity);
  psd_result result; /* unless PSD_OK, every command ends so */
  size_t at;         /* commands so far */
  unsigned begun, ended, closed;
} script;

/* Historical bytes that say: chains and extended lengths; chains; neither. */
#define SCRIPT_ATR_FULL "3B8580018073F621C011"
#define SCRIPT_ATR_CHAINS "3B8580018073F6218051"
#define SCRIPT_ATR_PLAIN "3B00"

/* A host on this card; the script stays the caller's. */
psd_host *script_host(script *card);
psd_transport *script_transport(script *card);

#endif
