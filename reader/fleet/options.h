/* The command line of psd-fleet. */
#ifndef PSD_FLEET_OPTIONS_H
#define PSD_FLEET_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "psd/program/exit.h"

typedef struct psd_fleet_options {
  const char *server, *state_dir, *user, *password_file;
  unsigned cards;       /* 0 for all there are */
  unsigned connections; /* 0 for as many as make sense */
  unsigned rate;        /* handshakes a second; 0 for as many as can be */
  unsigned duration;    /* seconds; 0 for no end */
  unsigned handshakes;  /* 0 for no end */
  unsigned timeout;     /* seconds that one answer of the server may take */
  unsigned suite;       /* psd_suite; 0 for the best */
  uint64_t refill;      /* mills that each card is refilled with after its audit; 0 for none */
  bool keep;            /* connections are kept from one handshake to the next */
  bool binds;           /* each PSD is registered to the user */
  bool json, help, version;
} psd_fleet_options;

/* Parses a command line. On anything but PSD_EXIT_DONE what is wrong was told on standard error. Uses getopt. */
int psd_fleet_parse(psd_fleet_options *options, int argc, char **argv);
/* Prints what --help shows. */
void psd_fleet_help(void);

#endif
