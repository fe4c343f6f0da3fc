#include "path.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <winscard.h>

#include "commands.h"
#include "measure.h"

#define HEADER 2U /* of a message on a socket: its length */
#define NAMES_MAX 4096
enum control { POWER_OFF = 0, POWER_ON = 1, SEND_ATR = 4 };

struct bench_path {
  int socket; /* -1: a reader of PC/SC */
  SCARDCONTEXT context;
  SCARDHANDLE card;
  DWORD protocol;
  uint8_t message[HEADER + BENCH_ANSWER_MAX];
};

/* Sends the message whose bytes are in place already, behind room for its length. */
static void send_message(bench_path *path, size_t length) {
  path->message[0] = (uint8_t)(length >> 8);
  path->message[1] = (uint8_t)length;
  length += HEADER;
  for (size_t sent = 0; sent < length;) {
    ssize_t some = send(path->socket, path->message + sent, length - sent, MSG_NOSIGNAL);
    bench_need(some > 0, "connection to the card any more");
    sent += (size_t)some;
  }
}

/* The whole message usually comes at once. */
static size_t receive_message(bench_path *path, uint8_t *answer) {
  size_t have = 0;
  size_t length = HEADER;
  while (have < length) {
    ssize_t some = recv(path->socket, path->message + have, sizeof path->message - have, 0);
    bench_need(some > 0, "answer from the card");
    have += (size_t)some;
    if (have >= HEADER)
      length = HEADER + ((size_t)path->message[0] << 8 | path->message[1]);
  }
  memcpy(answer, path->message + HEADER, length - HEADER);
  return length - HEADER;
}

static void send_control(bench_path *path, enum control control) {
  path->message[HEADER] = (uint8_t)control;
  send_message(path, 1);
}

static void open_socket(bench_path *path, const char *target) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  bench_need(strlen(target) < sizeof address.sun_path, "room for the socket's path");
  memcpy(address.sun_path, target, strlen(target));
  path->socket = socket(AF_UNIX, SOCK_STREAM, 0);
  if (path->socket < 0 || connect(path->socket, (struct sockaddr *)&address, sizeof address) != 0)
    bench_die("no card at %s", target);
  send_control(path, POWER_ON);
}

static void open_reader(bench_path *path, const char *target) {
  char names[NAMES_MAX];
  DWORD length = sizeof names;
  path->socket = -1;
  LONG result = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &path->context);
  if (result == SCARD_S_SUCCESS)
    result = SCardListReaders(path->context, NULL, names, &length);
  if (result != SCARD_S_SUCCESS)
    bench_die("%s: %s", target, pcsc_stringify_error(result));
  const char *name = names;
  while (*name != '\0' && strstr(name, target) == NULL)
    name += strlen(name) + 1;
  result = SCardConnect(path->context, name, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &path->card,
                        &path->protocol);
  if (result != SCARD_S_SUCCESS)
    bench_die("%s: %s", target, pcsc_stringify_error(result));
}

bench_path *bench_path_open(const char *target) {
  bench_path *path = calloc(1, sizeof *path);
  bench_need(path != NULL, "memory");
  if (strchr(target, '/') != NULL)
    open_socket(path, target);
  else
    open_reader(path, target);
  return path;
}

void bench_path_close(bench_path *path) {
  if (path->socket >= 0) {
    send_control(path, POWER_OFF);
    (void)close(path->socket);
  } else {
    (void)SCardDisconnect(path->card, SCARD_LEAVE_CARD);
    (void)SCardReleaseContext(path->context);
  }
  free(path);
}

size_t bench_path_transmit(bench_path *path, const uint8_t *command, size_t length, uint8_t *answer) {
  if (path->socket >= 0) {
    memcpy(path->message + HEADER, command, length);
    send_message(path, length);
    return receive_message(path, answer);
  }
  DWORD received = BENCH_ANSWER_MAX;
  const SCARD_IO_REQUEST *pci = path->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
  LONG result = SCardTransmit(path->card, pci, command, (DWORD)length, NULL, answer, &received);
  if (result != SCARD_S_SUCCESS)
    bench_die("SCardTransmit: %s", pcsc_stringify_error(result));
  return received;
}

size_t bench_path_atr(bench_path *path, uint8_t *answer) {
  send_control(path, SEND_ATR);
  return receive_message(path, answer);
}
