/* psd-server meter rates: the table of service rates (VM 257), from a file of lines "name = value". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/meter.h"
#include "psd/program/progress.h"

#define LINE_MOST 256U

typedef struct rates_file {
  const char *path;
  unsigned line;
  unsigned found; /* bit i: field i was there */
  psd_service_rates rates;
} rates_file;

static const psd_message *layout(void) {
  return &psd_messages[PSD_MESSAGE_SERVICE_RATES];
}

static int wrong(const rates_file *file, const char *what) {
  return psd_admin_refuse("%s, line %u: %s", file->path, file->line, what);
}

/* Cuts the blanks off both ends. */
static char *trim(char *text) {
  size_t length = strlen(text);
  while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
    text[--length] = '\0';
  return text + strspn(text, " \t");
}

static bool take_version(const char *value, uint64_t *number) {
  char *end = NULL;
  if (value[0] < '0' || value[0] > '9' || strlen(value) > 10)
    return false;
  *number = strtoull(value, &end, 10);
  return *end == '\0' && *number >= 1 && *number <= UINT32_MAX;
}

static int take_value(rates_file *file, size_t index, const char *value) {
  const psd_field *field = &layout()->fields[index];
  uint64_t *number = (uint64_t *)(void *)((char *)&file->rates + field->offset);
  if ((file->found >> index & 1) != 0)
    return wrong(file, "that name was there already");
  file->found |= 1U << index;
  if (field->kind == PSD_KIND_AMOUNT)
    return psd_admin_amount(value, number) ? PSD_EXIT_DONE : wrong(file, "an amount is written as 0.25");
  if (field->kind == PSD_KIND_TIME)
    return psd_admin_date(value, number) ? PSD_EXIT_DONE : wrong(file, "a day is written as 2026-11-21");
  return take_version(value, number) ? PSD_EXIT_DONE : wrong(file, "a version is a number from 1 on");
}

static int take_line(rates_file *file, char *line) {
  char *name = trim(line), *equals = strchr(name, '=');
  if (name[0] == '\0' || name[0] == '#')
    return PSD_EXIT_DONE;
  if (equals == NULL)
    return wrong(file, "that is not \"name = value\"");
  *equals = '\0';
  const char *value = trim(equals + 1);
  name = trim(name);
  for (size_t i = 0; i < layout()->field_count; i++)
    if (strcmp(psd_field_name(&layout()->fields[i]), name) == 0)
      return take_value(file, i, value);
  return wrong(file, "there is no such name: version, effective, certificate, postmark, verification, agent, "
                     "revocation, payment");
}

static int take_lines(rates_file *file, FILE *in) {
  char line[LINE_MOST];
  int status = PSD_EXIT_DONE;
  while (status == PSD_EXIT_DONE && fgets(line, sizeof line, in) != NULL) {
    file->line++;
    status = strlen(line) == sizeof line - 1 ? wrong(file, "too long") : take_line(file, line);
  }
  if (status == PSD_EXIT_DONE && ferror(in))
    return psd_admin_refuse("%s cannot be read", file->path);
  for (size_t i = 0; status == PSD_EXIT_DONE && i < layout()->field_count; i++)
    if ((file->found >> i & 1) == 0)
      status = psd_admin_refuse("%s does not say %s: all rates have to be there", file->path,
                                psd_field_name(&layout()->fields[i]));
  return status;
}

static int read_rates(const char *path, psd_service_rates *rates) {
  rates_file file = {.path = path};
  FILE *in = fopen(path, "r");
  if (in == NULL)
    return psd_admin_refuse("%s cannot be opened: %s", path, strerror(errno));
  int status = take_lines(&file, in);
  (void)fclose(in);
  *rates = file.rates;
  return status;
}

typedef struct rates_order {
  psd_admin *admin;
  const psd_admin_device *named; /* NULL for all */
  uint8_t content[PSD_SIZE_SERVICE_RATES];
  psd_db_result result;
  uint64_t time, looked_at, ordered;
  psd_progress progress;
} rates_order;

static bool order_one(void *context, const psd_meter_row *row) {
  rates_order *at = context;
  psd_progress_show(&at->progress, ++at->looked_at);
  if (row->withdrawn || row->device.revoked)
    return true;
  at->result =
      psd_dc_order(at->admin->db, row->device.device, PSD_ACTION_RATES, at->content, sizeof at->content, at->time);
  at->ordered += at->result == PSD_DB_DONE ? 1 : 0;
  return at->result == PSD_DB_DONE;
}

static psd_db_result order_rates(psd_admin *admin, void *context) {
  rates_order *at = context;
  at->looked_at = at->ordered = 0;
  at->result = PSD_DB_DONE;
  if (at->named != NULL) {
    at->ordered = 1;
    return psd_dc_order(admin->db, at->named->device, PSD_ACTION_RATES, at->content, sizeof at->content, at->time);
  }
  psd_db_result result = psd_db_meter_list(admin->db, 0, order_one, at);
  return result == PSD_DB_DONE ? at->result : result;
}

static bool count_devices(void *total, uint32_t vendor_key, uint64_t devices) {
  (void)vendor_key;
  *(uint64_t *)total += devices;
  return true;
}

psd_db_result psd_admin_count_meters(psd_admin *admin, uint64_t *total) {
  *total = 0;
  return psd_db_vendor_keys(admin->db, count_devices, total);
}

static int order_for(psd_admin *admin, const psd_admin_device *named, const psd_service_rates *rates) {
  rates_order at = {.admin = admin, .named = named, .time = (uint64_t)time(NULL)};
  char words[64];
  uint64_t total = 0;
  psd_buffer content = psd_buffer_over(at.content, sizeof at.content);
  psd_put_message(&content, PSD_MESSAGE_SERVICE_RATES, rates);
  psd_db_result result = psd_admin_count_meters(admin, &total);
  at.progress = psd_progress_begin("meters", total);
  if (result == PSD_DB_DONE)
    result = psd_admin_change(admin, order_rates, &at);
  psd_progress_end(&at.progress);
  if (result == PSD_DB_REFUSED)
    return psd_admin_refuse("rates cannot be ordered for %s: it is out of service",
                            named != NULL ? named->words : "a meter");
  if (result != PSD_DB_DONE)
    return psd_admin_failed(admin, result, "PSD", named != NULL ? named->words : "");
  (void)snprintf(words, sizeof words, "ordered for the next session of %llu PSD%s", (unsigned long long)at.ordered,
                 at.ordered == 1 ? "" : "s");
  return psd_admin_done(admin, words);
}

int psd_admin_meter_rates(psd_admin *admin) {
  bool all = (admin->given & PSD_ADMIN_ALL) != 0;
  psd_admin_device named;
  psd_service_rates rates;
  if (all != (admin->argc == 1))
    return psd_admin_usage(admin, "meter rates needs a file, and before it either a PSD or --all");
  int status = read_rates(admin->argv[admin->argc - 1], &rates);
  if (status == PSD_EXIT_DONE)
    status = all ? psd_admin_open(admin, false) : psd_admin_open_device(admin, admin->argc - 1, &named);
  return status != PSD_EXIT_DONE ? status : order_for(admin, all ? NULL : &named, &rates);
}
