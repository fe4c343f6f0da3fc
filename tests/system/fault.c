#include "fault.h"

const char *const fault_names[FAULT_KINDS] = {"lose", "repeat", "cut", "kill", "killed", "silence", "deaf"};

bool fault_now(const fault_plan *plan, fault_count *count, fault_kind kind) {
  count->seen[kind]++;
  if (plan->at[kind] == 0 || count->seen[kind] != plan->at[kind])
    return false;
  count->hit++;
  return true;
}
