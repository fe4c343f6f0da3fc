#include "fault.h"

const char *const fault_names[FAULT_KINDS] = {"lose", "repeat", "old",   "late", "cut",  "program", "sync", "entropy",
                                              "kill", "killed", "doubt", "fail", "busy", "silence", "deaf"};

bool fault_now(const fault_plan *plan, fault_count *count, fault_kind kind) {
  count->seen[kind]++;
  if (plan->at[kind] == 0 || count->seen[kind] != plan->at[kind])
    return false;
  count->hit++;
  return true;
}

bool fault_none(const fault_plan *plan) {
  for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
    if (plan->at[kind] != 0)
      return false;
  return true;
}
