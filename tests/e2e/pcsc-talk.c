/* pcsc-talk READER: a PC/SC client that stays connected (shared) while a script talks to it.
 *
 * Each line of standard input is a command APDU in hexadecimal (blanks allowed), or a word: `reset` (warm), `begin` and
 * `end` (a transaction). Each is answered by one line on standard output: the response APDU in hexadecimal, `ok`, or
 * `error` with the reason. Empty lines and lines that begin with # are not answered. The card is left as it is at the
 * end.
 *
 * READER is a part of the reader's name. Exit status: 0 done; 2 usage; 3 no such reader or no card. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

#define APDU_MAX 65544U
#define LINE_MAX_BYTES (APDU_MAX * 3U)
#define NAMES_MAX 4096

/* Bytes of a line of hexadecimal digits; -1 if it is something else. */
static long parse_hex(const char *text, uint8_t *bytes, size_t capacity) {
  size_t digits = 0;
  for (; *text != '\0'; text++) {
    if (isspace((unsigned char)*text)) {
      continue;
    }
    if (!isxdigit((unsigned char)*text) || digits / 2 >= capacity) {
      return -1;
    }
    char digit[2] = {*text, '\0'};
    uint8_t value = (uint8_t)strtoul(digit, NULL, 16);
    bytes[digits / 2] = (uint8_t)(digits % 2 == 0 ? value << 4 : bytes[digits / 2] | value);
    digits++;
  }
  return digits % 2 == 0 ? (long)(digits / 2) : -1;
}

static LONG connect_to(SCARDCONTEXT context, const char *part, SCARDHANDLE *card, DWORD *protocol) {
  char names[NAMES_MAX];
  DWORD length = sizeof names;
  LONG result = SCardListReaders(context, NULL, names, &length);
  if (result != SCARD_S_SUCCESS) {
    return result;
  }
  const char *name = names;
  while (*name != '\0' && strstr(name, part) == NULL) {
    name += strlen(name) + 1;
  }
  if (*name == '\0') {
    return (LONG)SCARD_E_UNKNOWN_READER;
  }
  return SCardConnect(context, name, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, card, protocol);
}

static void answer(LONG result) {
  if (result == SCARD_S_SUCCESS) {
    (void)puts("ok");
  } else {
    (void)printf("error %s\n", pcsc_stringify_error(result));
  }
}

static void transmit(SCARDHANDLE card, DWORD protocol, const uint8_t *command, size_t length) {
  static uint8_t response[APDU_MAX];
  DWORD response_length = sizeof response;
  const SCARD_IO_REQUEST *pci = protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
  LONG result = SCardTransmit(card, pci, command, length, NULL, response, &response_length);
  if (result != SCARD_S_SUCCESS) {
    answer(result);
    return;
  }
  for (DWORD i = 0; i < response_length; i++) {
    (void)printf("%02X", (unsigned)response[i]);
  }
  (void)putchar('\n');
}

static void handle(const char *line, SCARDHANDLE card, DWORD *protocol) {
  static uint8_t command[APDU_MAX];
  if (strcmp(line, "reset") == 0) {
    answer(SCardReconnect(card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, SCARD_RESET_CARD, protocol));
  } else if (strcmp(line, "begin") == 0) {
    answer(SCardBeginTransaction(card));
  } else if (strcmp(line, "end") == 0) {
    answer(SCardEndTransaction(card, SCARD_LEAVE_CARD));
  } else {
    long length = parse_hex(line, command, sizeof command);
    if (length < 0) {
      (void)puts("error neither hexadecimal nor a word I know");
    } else {
      transmit(card, *protocol, command, (size_t)length);
    }
  }
}

int main(int argc, char **argv) {
  static char line[LINE_MAX_BYTES];
  SCARDCONTEXT context;
  SCARDHANDLE card;
  DWORD protocol = 0;
  if (argc != 2) {
    (void)fputs("usage: pcsc-talk READER\n", stderr);
    return 2;
  }
  LONG result = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
  if (result == SCARD_S_SUCCESS) {
    result = connect_to(context, argv[1], &card, &protocol);
  }
  if (result != SCARD_S_SUCCESS) {
    (void)fprintf(stderr, "pcsc-talk: %s: %s\n", argv[1], pcsc_stringify_error(result));
    return 3;
  }
  (void)setvbuf(stdout, NULL, _IOLBF, 0);
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] != '\0' && line[0] != '#') {
      handle(line, card, &protocol);
    }
  }
  (void)SCardDisconnect(card, SCARD_LEAVE_CARD);
  (void)SCardReleaseContext(context);
  return 0;
}
