/* Schedules as text, and made as short as can be. */
#include <string.h>

#include "schedule.h"

static const char *const names[STEP_KINDS] = {
    [STEP_AUDIT] = "audit",     [STEP_REFILL] = "refill",     [STEP_TWICE] = "twice",     [STEP_WITHDRAW] = "withdraw",
    [STEP_RETIRE] = "retire",   [STEP_STRANGER] = "stranger", [STEP_DEPOSIT] = "deposit", [STEP_PAYOUT] = "payout",
    [STEP_PAY] = "pay",         [STEP_CREDIT] = "credit",     [STEP_SUSPEND] = "suspend", [STEP_RESUME] = "resume",
    [STEP_LOCK] = "lock",       [STEP_UNLOCK] = "unlock",     [STEP_ACCEPT] = "accept",   [STEP_MOVE] = "move",
    [STEP_LIMITS] = "limits",   [STEP_WATCHDOG] = "watchdog", [STEP_LINE] = "line",       [STEP_CLOCK] = "clock",
    [STEP_PRINT] = "print",     [STEP_WAIT] = "wait",         [STEP_SUITE] = "suite",     [STEP_KEEP] = "keep",
    [STEP_RESTORE] = "restore", [STEP_SWAP] = "swap",
};

static bool still_fails(const schedule *s) {
  char wrong[200];
  return !schedule_play(s, wrong);
}

static void without(schedule *s, size_t at) {
  memmove(&s->steps[at], &s->steps[at + 1], (s->count - at - 1) * sizeof s->steps[0]);
  s->count--;
}

void schedule_shrink(schedule *s) {
  for (size_t i = s->count; i-- > 0;) {
    schedule less = *s;
    without(&less, i);
    if (still_fails(&less))
      *s = less;
  }
  for (size_t i = 0; i < s->count; i++)
    for (unsigned kind = 0; kind < FAULT_KINDS; kind++) {
      schedule less = *s;
      less.steps[i].plan.at[kind] = 0;
      if (s->steps[i].plan.at[kind] != 0 && still_fails(&less))
        *s = less;
    }
}

void schedule_print(const schedule *s, FILE *to) {
  fprintf(to, "seed %llu\n", (unsigned long long)s->seed);
  for (size_t i = 0; i < s->count; i++) {
    const step *at = &s->steps[i];
    fprintf(to, "%s %u %llu", names[at->kind], at->meter, (unsigned long long)at->amount);
    if (at->group != PSD_GROUP_POSTAGE)
      fputs(" group=1", to);
    for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
      if (at->plan.at[kind] != 0)
        fprintf(to, " %s=%u", fault_names[kind], at->plan.at[kind]);
    if (at->plan.at[FAULT_CUT] != 0)
      fprintf(to, " how=%u", at->plan.how);
    fputc('\n', to);
  }
}

static bool read_fault(step *to, const char *word) {
  char name[16];
  unsigned value = 0;
  if (sscanf(word, "%15[a-z]=%u", name, &value) != 2)
    return false;
  if (strcmp(name, "group") == 0 && value <= 1) {
    to->group = (psd_group)value;
    return true;
  }
  if (strcmp(name, "how") == 0) {
    to->plan.how = value;
    return true;
  }
  for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
    if (strcmp(name, fault_names[kind]) == 0) {
      to->plan.at[kind] = value;
      return true;
    }
  return false;
}

static bool read_faults(step *to, const char *at) {
  char word[32];
  int length = 0;
  for (; sscanf(at, "%31s%n", word, &length) == 1; at += length)
    if (!read_fault(to, word))
      return false;
  return true;
}

static bool read_step(step *to, const char *line) {
  char name[16];
  unsigned long long amount = 0;
  int length = 0;
  *to = (step){.kind = STEP_KINDS};
  if (sscanf(line, "%15[a-z] %u %llu%n", name, &to->meter, &amount, &length) != 3 || to->meter >= WORLD_METERS)
    return false;
  to->amount = amount;
  for (unsigned kind = 0; kind < STEP_KINDS; kind++)
    if (strcmp(name, names[kind]) == 0)
      to->kind = (step_kind)kind;
  return to->kind != STEP_KINDS && read_faults(to, line + length);
}

bool schedule_read(schedule *s, FILE *from) {
  char line[256];
  unsigned long long seed = 0;
  *s = (schedule){.seed = 0};
  while (fgets(line, sizeof line, from) != NULL) {
    if (line[0] == '#' || line[0] == '\n')
      continue;
    if (sscanf(line, "seed %llu", &seed) == 1)
      s->seed = seed;
    else if (s->count == SCHEDULE_STEPS || !read_step(&s->steps[s->count++], line))
      return false;
  }
  return s->count > 0;
}
