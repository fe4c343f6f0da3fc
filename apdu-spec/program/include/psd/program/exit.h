/* How programs end. */
#ifndef PSD_PROGRAM_EXIT_H
#define PSD_PROGRAM_EXIT_H

enum {
  PSD_EXIT_DONE = 0,
  PSD_EXIT_REFUSED = 1,     /* one line on standard error says why, and what to do */
  PSD_EXIT_USAGE = 2,       /* the command line is none */
  PSD_EXIT_UNREACHABLE = 3, /* card, reader, server or database */
};

#endif
