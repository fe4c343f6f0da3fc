#include "emulator/ifd_slot.h"

#include <debuglog.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emulator/holder.h"

#define PATH_MAX_BYTES 4096U

/* Which file, and which content of it. */
typedef struct identity {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec changed;
} identity;

struct psd_ifd_slot {
  psd_ifd_folder *folder;
  unsigned index;
  psd_ifd_watch watch;
  pthread_mutex_t lock; /* of what follows */
  psd_holder *holder;   /* NULL: no card */
  psd_seat seat;
  identity file;             /* of the card, or of the file that was refused last */
  bool refused;              /* a file that cannot be a card is not tried again until it changes */
  bool busy;                 /* the log says that another process has the card */
  char path[PATH_MAX_BYTES]; /* of the card's file, or of the one tried last */
};

static bool identify(const char *path, identity *file) {
  struct stat status;
  memset(file, 0, sizeof *file);
  if (stat(path, &status) != 0)
    return false;
  *file =
      (identity){.device = status.st_dev, .inode = status.st_ino, .size = status.st_size, .changed = status.st_ctim};
  return true;
}

static bool is_same_file(const identity *a, const identity *b) {
  return a->device == b->device && a->inode == b->inode;
}

static bool is_same_content(const identity *a, const identity *b) {
  return is_same_file(a, b) && a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
         a->changed.tv_nsec == b->changed.tv_nsec;
}

/* True if another process has the file. Asked through a descriptor for reading: closing one for writing would be a
 * change of the folder to every slot that watches it, this one included, and they would ask each other for ever. */
static bool is_locked(const char *path) {
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return false;
  bool locked = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  (void)close(fd);
  return locked;
}

static void insert(psd_ifd_slot *slot) {
  identity now;
  char why[PSD_HOLDER_WHY_MAX];
  bool known = identify(slot->path, &now);
  if (!known || (slot->refused && is_same_content(&now, &slot->file)))
    return;
  slot->refused = false;
  if (is_locked(slot->path)) {
    if (!slot->busy)
      log_msg(PCSC_LOG_ERROR, "psd: slot %u: %s: in use by another process: no card", slot->index, slot->path);
    slot->busy = true;
    return;
  }
  slot->busy = false;
  slot->holder = psd_holder_open(slot->path, true, why);
  /* Asked again: opening it may have changed it. */
  (void)identify(slot->path, &slot->file);
  slot->refused = slot->holder == NULL;
  if (slot->refused)
    log_msg(PCSC_LOG_ERROR, "psd: slot %u: %s", slot->index, why);
  else
    psd_seat_start(&slot->seat, psd_holder_card(slot->holder), slot->path, NULL);
}

static void forget(psd_ifd_slot *slot) {
  psd_holder_close(slot->holder);
  slot->holder = NULL;
  slot->refused = slot->busy = false;
}

static bool is_still_there(const psd_ifd_slot *slot, const char *path) {
  identity now;
  return strcmp(path, slot->path) == 0 && identify(path, &now) && is_same_file(&now, &slot->file);
}

static bool update(psd_ifd_slot *slot) {
  char path[PATH_MAX_BYTES];
  bool any = psd_ifd_folder_look(slot->folder, slot->index, path, sizeof path);
  if (slot->holder != NULL) {
    if (any && is_still_there(slot, path))
      return true;
    forget(slot);
    /* If there is another card now, the reader has to see that there was none for a moment. */
    psd_ifd_watch_wake(&slot->watch);
    return false;
  }
  if (!any || strcmp(path, slot->path) != 0)
    forget(slot);
  if (!any)
    return false;
  memcpy(slot->path, path, strlen(path) + 1U);
  insert(slot);
  return slot->holder != NULL;
}

psd_ifd_slot *psd_ifd_slot_open(psd_ifd_folder *folder, unsigned index) {
  psd_ifd_slot *slot = calloc(1, sizeof *slot);
  if (slot == NULL)
    return NULL;
  slot->folder = folder;
  slot->index = index;
  if (!psd_ifd_watch_open(&slot->watch, psd_ifd_folder_path(folder))) {
    free(slot);
    return NULL;
  }
  (void)pthread_mutex_init(&slot->lock, NULL);
  return slot;
}

void psd_ifd_slot_close(psd_ifd_slot *slot) {
  (void)pthread_mutex_lock(&slot->lock);
  forget(slot);
  (void)pthread_mutex_unlock(&slot->lock);
  (void)pthread_mutex_destroy(&slot->lock);
  psd_ifd_watch_close(&slot->watch);
  free(slot);
}

bool psd_ifd_slot_present(psd_ifd_slot *slot) {
  (void)pthread_mutex_lock(&slot->lock);
  bool present = update(slot);
  (void)pthread_mutex_unlock(&slot->lock);
  return present;
}

static size_t copy_atr(psd_ifd_slot *slot, uint8_t atr[PSD_CARD_ATR_MAX]) {
  size_t length = 0;
  const uint8_t *bytes = psd_seat_atr(&slot->seat, &length);
  memcpy(atr, bytes, length);
  return length;
}

static size_t switch_card(psd_ifd_slot *slot, psd_ifd_power what, uint8_t atr[PSD_CARD_ATR_MAX]) {
  if (what == PSD_IFD_POWER_OFF) {
    psd_seat_power_off(&slot->seat);
    return 0;
  }
  if (what == PSD_IFD_POWER_ON)
    psd_seat_power_on(&slot->seat);
  else
    psd_seat_reset(&slot->seat);
  return copy_atr(slot, atr);
}

bool psd_ifd_slot_power(psd_ifd_slot *slot, psd_ifd_power what, uint8_t atr[PSD_CARD_ATR_MAX], size_t *length) {
  (void)pthread_mutex_lock(&slot->lock);
  bool present = slot->holder != NULL;
  *length = present ? switch_card(slot, what, atr) : 0;
  (void)pthread_mutex_unlock(&slot->lock);
  return present;
}

size_t psd_ifd_slot_atr(psd_ifd_slot *slot, uint8_t atr[PSD_CARD_ATR_MAX]) {
  (void)pthread_mutex_lock(&slot->lock);
  bool on = slot->holder != NULL && psd_card_is_on(psd_holder_card(slot->holder));
  size_t length = on ? copy_atr(slot, atr) : 0;
  (void)pthread_mutex_unlock(&slot->lock);
  return length;
}

size_t psd_ifd_slot_transmit(psd_ifd_slot *slot, const uint8_t *command, size_t length, uint8_t *response) {
  (void)pthread_mutex_lock(&slot->lock);
  size_t answered = slot->holder != NULL ? psd_seat_transmit(&slot->seat, command, length, response) : 0;
  (void)pthread_mutex_unlock(&slot->lock);
  return answered;
}

const psd_ifd_watch *psd_ifd_slot_watch(const psd_ifd_slot *slot) {
  return &slot->watch;
}
