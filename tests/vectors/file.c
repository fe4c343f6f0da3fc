#include "vectors.h"

#include "pattern.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool vector_state(const char *name, psd_state *state) {
  for (size_t i = 0; i < psd_state_count; i++) {
    if (strcmp(psd_states[i].name, name) != 0)
      continue;
    *state = psd_states[i].state;
    return true;
  }
  return false;
}

/* The next line without comment and outer blanks, or NULL at the end. */
static char *next_text(vector_file *file) {
  while (fgets(file->line, sizeof file->line, file->stream) != NULL) {
    file->number++;
    file->line[strcspn(file->line, "#\n")] = '\0';
    char *text = file->line + strspn(file->line, " \t");
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
      text[--length] = '\0';
    if (length > 0)
      return text;
  }
  return NULL;
}

bool vector_open(vector_file *file, const char *name) {
  *file = (vector_file){.name = name, .stream = fopen(name, "r")};
  if (file->stream == NULL) {
    fprintf(stderr, "%s: cannot be read\n", name);
    return false;
  }
  const char *text = next_text(file);
  if (text != NULL && strncmp(text, "state ", 6) == 0 && vector_state(text + 6, &file->state))
    return true;
  fprintf(stderr, "%s:%u: begin with `state NAME`\n", name, file->number);
  vector_close(file);
  return false;
}

void vector_close(vector_file *file) {
  (void)fclose(file->stream);
}

static vector_line malformed(const vector_file *file) {
  fprintf(stderr, "%s:%u: neither `COMMAND => ANSWER` nor @secure nor @reset\n", file->name, file->number);
  return (vector_line){.kind = VECTOR_MALFORMED};
}

static vector_line directive(const vector_file *file, const char *text) {
  if (strcmp(text, "@reset") == 0)
    return (vector_line){.kind = VECTOR_RESET};
  if (strncmp(text, "@secure ", 8) != 0)
    return malformed(file);
  return (vector_line){.kind = VECTOR_SECURE, .level = (uint8_t)strtoul(text + 8, NULL, 16)};
}

vector_line vector_next(vector_file *file) {
  char *text = next_text(file);
  if (text == NULL)
    return (vector_line){.kind = VECTOR_END};
  if (text[0] == '@')
    return directive(file, text);
  vector_line line = {.kind = VECTOR_EXCHANGE, .secured = strncmp(text, "S ", 2) == 0};
  char *arrow = strstr(text, "=>");
  if (arrow == NULL)
    return malformed(file);
  *arrow = '\0';
  line.command = text + (line.secured ? 2 : 0);
  line.answer = arrow + 2;
  return pattern_valid(line.answer) ? line : malformed(file);
}
