/* Runs a fuzz target on files, without a fuzzer: every input of the corpus is a test of every build.
 * Arguments are files and folders of files. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define PATH_MOST 4096U

static unsigned long inputs;

static void die(const char *path) {
  (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
  exit(2);
}

static void run_bytes(const char *path, size_t size) {
  FILE *file = fopen(path, "rb");
  uint8_t *data = malloc(size);
  if (file == NULL || (data == NULL && size > 0) || fread(data, 1, size, file) != size)
    die(path);
  (void)fclose(file);
  LLVMFuzzerTestOneInput(data, size);
  free(data);
  inputs++;
}

static bool is_folder(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0)
    die(path);
  return S_ISDIR(status.st_mode);
}

static void run_file(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0)
    die(path);
  run_bytes(path, (size_t)status.st_size);
}

static void run_folder(const char *path) {
  DIR *folder = opendir(path);
  if (folder == NULL)
    die(path);
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    char inside[PATH_MOST];
    if (entry->d_name[0] == '.')
      continue;
    int length = snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
    if (length < 0 || (size_t)length >= sizeof inside) {
      errno = ENAMETOOLONG;
      die(path);
    }
    run_file(inside);
  }
  (void)closedir(folder);
}

int main(int argc, char **argv) {
  LLVMFuzzerInitialize(&argc, &argv);
  for (int i = 1; i < argc; i++) {
    if (is_folder(argv[i]))
      run_folder(argv[i]);
    else
      run_file(argv[i]);
  }
  (void)printf("%lu inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
