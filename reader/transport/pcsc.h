/* PC/SC behind a table, so that every call can be made to fail in turn. */
#ifndef PSD_READER_PCSC_H
#define PSD_READER_PCSC_H

#include "psd/reader.h"

#include <winscard.h>

/* The calls of the PC/SC specification, part 5, that are used. */
typedef struct psd_pcsc {
  LONG (*establish_context)(DWORD, LPCVOID, LPCVOID, LPSCARDCONTEXT);
  LONG (*release_context)(SCARDCONTEXT);
  LONG (*list_readers)(SCARDCONTEXT, LPCSTR, LPSTR, LPDWORD);
  LONG (*get_status_change)(SCARDCONTEXT, DWORD, SCARD_READERSTATE *, DWORD);
  LONG (*connect)(SCARDCONTEXT, LPCSTR, DWORD, DWORD, LPSCARDHANDLE, LPDWORD);
  LONG (*reconnect)(SCARDHANDLE, DWORD, DWORD, DWORD, LPDWORD);
  LONG (*disconnect)(SCARDHANDLE, DWORD);
  LONG (*begin_transaction)(SCARDHANDLE);
  LONG (*end_transaction)(SCARDHANDLE, DWORD);
  LONG (*status)(SCARDHANDLE, LPSTR, LPDWORD, LPDWORD, LPDWORD, LPBYTE, LPDWORD);
  LONG (*transmit)(SCARDHANDLE, const SCARD_IO_REQUEST *, LPCBYTE, DWORD, SCARD_IO_REQUEST *, LPBYTE, LPDWORD);
} psd_pcsc;

/* The system's libpcsclite. */
extern const psd_pcsc psd_pcsc_system;

/* Names of all readers, each ended by a zero byte, and an empty one. pcsc-lite has at most 16. */
#define PSD_PCSC_READERS 16U
#define PSD_PCSC_NAMES (PSD_PCSC_READERS * MAX_READERNAME + 1U)

/* What a code of PC/SC means for a person; `what` says what was attempted. Returns `error->result`. */
psd_result psd_pcsc_error(LONG code, const char *what, psd_error *error);

/* The states of all readers, and their names, which the states point into. The states carry the event in
 * dwCurrentState too, ready to be waited on. */
typedef struct psd_pcsc_readers {
  char names[PSD_PCSC_NAMES];
  SCARD_READERSTATE states[PSD_PCSC_READERS + 1]; /* and one to be told of new readers */
  size_t count;
} psd_pcsc_readers;
psd_result psd_pcsc_look(const psd_pcsc *pcsc, SCARDCONTEXT context, psd_pcsc_readers *readers, psd_error *error);

/* Waits up to `wait_ms` for a reader whose name contains `name` (NULL: any) and that has a card; its name, which is in
 * `readers`, goes to `*found`. */
psd_result psd_pcsc_find(const psd_pcsc *pcsc, SCARDCONTEXT context, const char *name, unsigned wait_ms,
                         psd_pcsc_readers *readers, const char **found, psd_error *error);

/* psd_transport_pcsc and psd_reader_list over any table. */
psd_result psd_pcsc_transport(const psd_pcsc *pcsc, const char *name, unsigned wait_ms, psd_transport **transport,
                              psd_error *error);
psd_result psd_pcsc_list(const psd_pcsc *pcsc, psd_reader_info **readers, size_t *count, psd_error *error);

#endif
