/* pcsc-wait: waits until PC/SC is in the state a script needs, on events alone.
 *
 *   pcsc-wait readers COUNT          until pcscd answers and lists at least COUNT readers; prints their names
 *   pcsc-wait card READER            until a card is in the reader; prints its answer to reset
 *   pcsc-wait empty READER           until there is none
 *
 * READER is a part of the reader's name. -t SECONDS (default 10) before the verb bounds the wait.
 * Exit status: 0 done; 1 the time ran out; 2 usage; 3 PC/SC failed. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>
#include <winscard.h>

#define SOCKET_FOLDER "/run/pcscd"
#define RETRY_MS 20 /* between pcscd's bind and its listen the socket is there and refuses */
#define READERS_MAX 16
#define NAMES_MAX 4096

static int64_t now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t left_ms(int64_t deadline) {
  int64_t left = deadline - now_ms();
  return left > 0 ? left : 0;
}

/* Until pcscd's socket answers. */
static LONG wait_for_service(SCARDCONTEXT *context, int64_t deadline) {
  int events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (events >= 0) {
    (void)inotify_add_watch(events, SOCKET_FOLDER, IN_CREATE | IN_MOVED_TO);
  }
  LONG result = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, context);
  while (result == (LONG)SCARD_E_NO_SERVICE && left_ms(deadline) > 0) {
    struct pollfd waiting = {.fd = events, .events = POLLIN, .revents = 0};
    char drained[1024];
    (void)poll(&waiting, 1, RETRY_MS);
    (void)!read(events, drained, sizeof drained);
    result = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, context);
  }
  if (events >= 0) {
    (void)close(events);
  }
  return result;
}

/* The readers' names, each ended by a zero byte, and an empty one. */
static LONG list_readers(SCARDCONTEXT context, char names[NAMES_MAX]) {
  DWORD length = NAMES_MAX;
  LONG result = SCardListReaders(context, NULL, names, &length);
  if (result == (LONG)SCARD_E_NO_READERS_AVAILABLE) {
    names[0] = '\0';
    result = SCARD_S_SUCCESS;
  }
  return result;
}

static unsigned count_readers(const char *names) {
  unsigned count = 0;
  for (; *names != '\0'; names += strlen(names) + 1) {
    count++;
  }
  return count;
}

static const char *find_reader(const char *names, const char *part) {
  for (; *names != '\0'; names += strlen(names) + 1) {
    if (strstr(names, part) != NULL) {
      return names;
    }
  }
  return NULL;
}

/* Until the list of readers changes (pcsc-lite's own pseudo reader). */
static LONG wait_for_new_reader(SCARDCONTEXT context, unsigned known, int64_t deadline) {
  SCARD_READERSTATE state;
  memset(&state, 0, sizeof state);
  state.szReader = "\\\\?PnP?\\Notification";
  state.dwCurrentState = (DWORD)known << 16;
  return SCardGetStatusChange(context, (DWORD)left_ms(deadline), &state, 1);
}

static LONG wait_for_readers(SCARDCONTEXT context, unsigned count, int64_t deadline) {
  char names[NAMES_MAX];
  for (;;) {
    LONG result = list_readers(context, names);
    if (result != SCARD_S_SUCCESS) {
      return result;
    }
    unsigned there = count_readers(names);
    if (there >= count) {
      for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
        (void)puts(name);
      }
      return SCARD_S_SUCCESS;
    }
    result = wait_for_new_reader(context, there, deadline);
    if (result != SCARD_S_SUCCESS) {
      return result;
    }
  }
}

static LONG wait_for_reader(SCARDCONTEXT context, const char *part, char names[NAMES_MAX], const char **reader,
                            int64_t deadline) {
  for (;;) {
    LONG result = list_readers(context, names);
    if (result != SCARD_S_SUCCESS) {
      return result;
    }
    *reader = find_reader(names, part);
    if (*reader != NULL) {
      return SCARD_S_SUCCESS;
    }
    result = wait_for_new_reader(context, count_readers(names), deadline);
    if (result != SCARD_S_SUCCESS) {
      return result;
    }
  }
}

/* A card that is mute has no use for anybody: it does not count as present. */
static bool has_card(const SCARD_READERSTATE *state) {
  return (state->dwEventState & SCARD_STATE_PRESENT) != 0 && (state->dwEventState & SCARD_STATE_MUTE) == 0;
}

static LONG wait_for_card(SCARDCONTEXT context, const char *part, bool present, int64_t deadline) {
  char names[NAMES_MAX];
  const char *reader = NULL;
  LONG result = wait_for_reader(context, part, names, &reader, deadline);
  if (result != SCARD_S_SUCCESS) {
    return result;
  }
  SCARD_READERSTATE state;
  memset(&state, 0, sizeof state);
  state.szReader = reader;
  state.dwCurrentState = SCARD_STATE_UNAWARE;
  for (;;) {
    result = SCardGetStatusChange(context, (DWORD)left_ms(deadline), &state, 1);
    if (result != SCARD_S_SUCCESS) {
      return result;
    }
    if (has_card(&state) == present) {
      break;
    }
    state.dwCurrentState = state.dwEventState;
  }
  for (DWORD i = 0; present && i < state.cbAtr; i++) {
    (void)printf("%02X%s", (unsigned)state.rgbAtr[i], i + 1 < state.cbAtr ? " " : "\n");
  }
  return SCARD_S_SUCCESS;
}

static int usage(void) {
  (void)fputs("usage: pcsc-wait [-t SECONDS] readers COUNT | card READER | empty READER\n", stderr);
  return 2;
}

static bool number(const char *text, long *value) {
  char *end = NULL;
  errno = 0;
  *value = strtol(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && *value >= 0 && *value <= 3600;
}

int main(int argc, char **argv) {
  long seconds = 10;
  long count = 0;
  int at = 1;
  if (argc == 5 && strcmp(argv[1], "-t") == 0 && number(argv[2], &seconds)) {
    at = 3;
  } else if (argc != 3) {
    return usage();
  }
  const char *verb = argv[at];
  const char *what = argv[at + 1];
  bool readers = strcmp(verb, "readers") == 0;
  if (readers ? !number(what, &count) || count > READERS_MAX
              : strcmp(verb, "card") != 0 && strcmp(verb, "empty") != 0) {
    return usage();
  }

  int64_t deadline = now_ms() + seconds * 1000;
  SCARDCONTEXT context;
  LONG result = wait_for_service(&context, deadline);
  if (result == SCARD_S_SUCCESS) {
    result = readers ? wait_for_readers(context, (unsigned)count, deadline)
                     : wait_for_card(context, what, strcmp(verb, "card") == 0, deadline);
    (void)SCardReleaseContext(context);
  }
  if (result == SCARD_S_SUCCESS) {
    return 0;
  }
  (void)fprintf(stderr, "pcsc-wait: %s %s: %s\n", verb, what, pcsc_stringify_error(result));
  return result == (LONG)SCARD_E_TIMEOUT ? 1 : 3;
}
