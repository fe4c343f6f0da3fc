/* psd-vectors: runs test vectors on a card, wherever it is. docs/vectors.md has the format and the options. */
#include "vectors.h"

#include <string.h>

static int usage(void) {
  fputs("usage: psd-vectors [--card ADDRESS | --reader NAME] FILE...\n"
        "       psd-vectors --cover FILE...\n"
        "       psd-vectors --state FILE\n"
        "       psd-vectors --prepare CARD STATE\n",
        stderr);
  return 2;
}

static int show_state(const char *name) {
  static vector_file file;
  if (!vector_open(&file, name))
    return 1;
  puts(psd_state_of(file.state)->name);
  vector_close(&file);
  return 0;
}

static int prepare(const char *path, const char *name) {
  psd_state state;
  if (!vector_state(name, &state)) {
    fprintf(stderr, "psd-vectors: no state %s\n", name);
    return 2;
  }
  return vector_prepare(path, state) ? 0 : 1;
}

static int run_files(char **names, int count, const vector_target *target) {
  static vector_file file;
  unsigned exchanges = 0;
  int wrong = 0;
  for (int i = 0; i < count; i++) {
    if (!vector_open(&file, names[i])) {
      wrong++;
      continue;
    }
    wrong += vector_run_on(&file, target, &exchanges) ? 0 : 1;
    vector_close(&file);
  }
  printf("%d files, %u exchanges, %d files wrong\n", count, exchanges, wrong);
  return wrong == 0 && exchanges > 0 ? 0 : 1;
}

int main(int argc, char **argv) {
  vector_target target = {NULL, NULL};
  int first = 1;
  if (argc == 3 && strcmp(argv[1], "--state") == 0)
    return show_state(argv[2]);
  if (argc == 4 && strcmp(argv[1], "--prepare") == 0)
    return prepare(argv[2], argv[3]);
  if (argc > 2 && strcmp(argv[1], "--cover") == 0)
    return vector_cover(argv + 2, argc - 2) ? 0 : 1;
  if (argc > 3 && (strcmp(argv[1], "--card") == 0 || strcmp(argv[1], "--reader") == 0)) {
    *(strcmp(argv[1], "--card") == 0 ? &target.card : &target.reader) = argv[2];
    first = 3;
  }
  if (argc <= first || argv[first][0] == '-')
    return usage();
  return run_files(argv + first, argc - first, &target);
}
