#include "verify_process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char output[OUTPUT_MAX];
static size_t kept; /* of the output, read by `says` */

const char *at(const char *name) {
  static char paths[4][256];
  static unsigned next;
  char *path = paths[next++ % 4];
  (void)snprintf(path, sizeof paths[0], "%s/%s", bench_folder(), name);
  return path;
}

pid_t start(const char *const arguments[], int *out) {
  const char *all[40] = {PSD_VERIFY_PROGRAM};
  int ends[2];
  size_t count = 1;
  for (size_t i = 0; arguments[i] != NULL; i++)
    all[count++] = arguments[i];
  CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
  kept = 0;
  CU_ASSERT_EQUAL_FATAL(setenv("PSD_SITE", bench_folder(), 1), 0);
  pid_t child = fork();
  CU_ASSERT_FATAL(child >= 0);
  if (child == 0) {
    (void)dup2(ends[1], STDOUT_FILENO);
    (void)dup2(ends[1], STDERR_FILENO);
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)execv(PSD_VERIFY_PROGRAM, (char **)(uintptr_t)all);
    _exit(99);
  }
  (void)close(ends[1]);
  *out = ends[0];
  return child;
}

size_t times(const char *text) {
  size_t count = 0;
  for (const char *found = strstr(output, text); found != NULL; found = strstr(found + 1, text))
    count++;
  return count;
}

bool has(const char *text) {
  if (strstr(output, text) == NULL)
    fprintf(stderr, "wanted \"%s\", got \"%.2000s\"\n", text, output);
  return strstr(output, text) != NULL;
}

static bool read_more(int out) {
  CU_ASSERT_FATAL(kept < sizeof output - 1);
  ssize_t got = read(out, output + kept, sizeof output - 1 - kept);
  kept += got > 0 ? (size_t)got : 0;
  output[kept] = '\0';
  return got > 0;
}

bool says(int out, const char *text, size_t wanted) {
  output[kept] = '\0';
  while (times(text) < wanted)
    if (!read_more(out))
      return false;
  return true;
}

int finish(pid_t child, int out) {
  int status = -1;
  while (read_more(out)) {
  }
  (void)close(out);
  kept = 0; /* what another one says comes in its place */
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 3)
    fprintf(stderr, "%.4000s\n", output);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int run_with(const char *const arguments[]) {
  int out;
  pid_t child = start(arguments, &out);
  return finish(child, out);
}

void piece(uint32_t number, char digits[PIECE_DIGITS]) {
  uint8_t bytes[PSD_INDICIUM_MAX];
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  fields.piece_count = number;
  fields.ascending = (uint64_t)number * BENCH_POSTAGE;
  size_t length = bench_sign(&fields, bytes);
  for (size_t i = 0; i < length; i++)
    (void)snprintf(digits + 2 * i, 3, "%02X", bytes[i]);
}

void put_list(const char *name, uint32_t first, uint32_t count) {
  char digits[PIECE_DIGITS];
  FILE *out = fopen(at(name), "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(out);
  for (uint32_t i = 0; i < count; i++) {
    piece(first + i, digits);
    (void)fprintf(out, "%s\n", digits);
  }
  CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
}

void put_text(const char *name, const char *text) {
  bench_put(name, text, strlen(text), 0644);
}

void begin(void) {
  bench_fill();
  bench_remove("meters.csv");
}
