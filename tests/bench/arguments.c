#include "arguments.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "measure.h"

bool bench_take_text(const char *argument, const char *name, const char **text) {
  size_t length = strlen(name);
  bool mine = strncmp(argument, name, length) == 0 && argument[length] == '=';
  if (mine)
    *text = argument + length + 1;
  return mine;
}

bool bench_take_number(const char *argument, const char *name, unsigned long *number) {
  const char *text = NULL;
  char *end = NULL;
  if (!bench_take_text(argument, name, &text))
    return false;
  *number = strtoul(text, &end, 10);
  return *text != '\0' && *end == '\0';
}

void bench_allow_descriptors(void) {
  struct rlimit limit;
  bench_need(getrlimit(RLIMIT_NOFILE, &limit) == 0, "limit");
  limit.rlim_cur = limit.rlim_max;
  bench_need(setrlimit(RLIMIT_NOFILE, &limit) == 0, "descriptors");
}
