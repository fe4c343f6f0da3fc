#include "emulator/ifd_folder.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct psd_ifd_folder {
  char *path;
  char *only; /* the single file's name; NULL: all with the suffix */
  unsigned slots;
  pthread_mutex_t lock;
  char *names[PSD_IFD_SLOTS_MOST]; /* of the files in the slots; NULL: empty */
};

static bool has_suffix(const char *name) {
  size_t length = strlen(name);
  size_t suffix = strlen(PSD_IFD_SUFFIX);
  return length > suffix && strcmp(name + length - suffix, PSD_IFD_SUFFIX) == 0;
}

static int is_state_file(const struct dirent *entry) {
  return entry->d_name[0] != '.' && has_suffix(entry->d_name);
}

static void free_list(struct dirent **list, int count) {
  for (int i = 0; i < count; i++)
    free(list[i]);
  free(list);
}

static bool is_listed(struct dirent *const *list, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(list[i]->d_name, name) == 0)
      return true;
  return false;
}

static void place(psd_ifd_folder *folder, const char *name) {
  char **free_slot = NULL;
  if (folder->only != NULL && strcmp(folder->only, name) != 0)
    return;
  for (unsigned i = 0; i < folder->slots; i++) {
    if (folder->names[i] != NULL && strcmp(folder->names[i], name) == 0)
      return;
    if (folder->names[i] == NULL && free_slot == NULL)
      free_slot = &folder->names[i];
  }
  if (free_slot != NULL)
    *free_slot = strdup(name);
}

/* Empties the slots whose files are gone, then finds slots for those that came. */
static void rescan(psd_ifd_folder *folder) {
  struct dirent **list = NULL;
  int count = scandir(folder->path, &list, is_state_file, alphasort);
  for (unsigned i = 0; i < folder->slots; i++) {
    if (folder->names[i] != NULL && !is_listed(list, count, folder->names[i])) {
      free(folder->names[i]);
      folder->names[i] = NULL;
    }
  }
  for (int i = 0; i < count; i++)
    place(folder, list[i]->d_name);
  free_list(list, count);
}

static bool is_folder(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Splits the path of a single state file. */
static bool name_single(psd_ifd_folder *folder, const char *device) {
  const char *slash = strrchr(device, '/');
  const char *name = slash != NULL ? slash + 1 : device;
  size_t length = (size_t)(name - device);
  folder->slots = 1;
  folder->only = strdup(name);
  folder->path = strdup(length == 0 ? "." : device);
  if (folder->path != NULL && length > 0)
    folder->path[length] = '\0';
  return folder->only != NULL && folder->path != NULL;
}

static bool name_all(psd_ifd_folder *folder, const char *device) {
  folder->path = strdup(device);
  return folder->path != NULL;
}

static bool count_slots(psd_ifd_folder *folder) {
  struct dirent **list = NULL;
  int count = scandir(folder->path, &list, is_state_file, NULL);
  if (count < 0)
    return false;
  free_list(list, count);
  if (folder->only == NULL) {
    unsigned found = count < (int)PSD_IFD_SLOTS_MOST ? (unsigned)count : PSD_IFD_SLOTS_MOST;
    folder->slots = found > PSD_IFD_SLOTS_LEAST ? found : PSD_IFD_SLOTS_LEAST;
  }
  return true;
}

psd_ifd_folder *psd_ifd_folder_open(const char *device) {
  psd_ifd_folder *folder = calloc(1, sizeof *folder);
  if (folder == NULL)
    return NULL;
  (void)pthread_mutex_init(&folder->lock, NULL);
  bool single = !is_folder(device) && has_suffix(device);
  bool named = single ? name_single(folder, device) : name_all(folder, device);
  if (!named || !count_slots(folder)) {
    psd_ifd_folder_close(folder);
    return NULL;
  }
  return folder;
}

void psd_ifd_folder_close(psd_ifd_folder *folder) {
  if (folder == NULL)
    return;
  for (unsigned i = 0; i < folder->slots; i++)
    free(folder->names[i]);
  (void)pthread_mutex_destroy(&folder->lock);
  free(folder->only);
  free(folder->path);
  free(folder);
}

const char *psd_ifd_folder_path(const psd_ifd_folder *folder) {
  return folder->path;
}

unsigned psd_ifd_folder_slots(const psd_ifd_folder *folder) {
  return folder->slots;
}

bool psd_ifd_folder_look(psd_ifd_folder *folder, unsigned slot, char *path, size_t capacity) {
  (void)pthread_mutex_lock(&folder->lock);
  rescan(folder);
  const char *name = slot < folder->slots ? folder->names[slot] : NULL;
  int length = name != NULL ? snprintf(path, capacity, "%s/%s", folder->path, name) : -1;
  (void)pthread_mutex_unlock(&folder->lock);
  return length > 0 && (size_t)length < capacity;
}
