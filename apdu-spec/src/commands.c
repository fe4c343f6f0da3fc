#include "psd/spec/commands.h"

enum {
  C1 = PSD_C1,
  C2 = PSD_C2,
  C3 = PSD_C3,
  C4 = PSD_C4,
  CHAIN = PSD_FLAG_CHAIN,
  HIDE = PSD_FLAG_HIDE,
  CLEAR = PSD_FLAG_CLEAR,
  KEYS = PSD_FLAG_KEYS,
  OUTER = PSD_FLAG_OUTER,
  ALWAYS = PSD_ALWAYS,
  PIN = PSD_PIN,
  SCP = PSD_SCP,
  PROVIDER = PSD_PROVIDER,
  IN_ANY = PSD_IN_ANY,
  IN_UNBROKEN = PSD_IN_UNBROKEN,
  IN_MANUFACTURED = PSD_IN_MANUFACTURED,
  IN_INITIALIZED = PSD_IN_INITIALIZED,
  IN_AUTHORIZING = PSD_IN_AUTHORIZING,
  IN_SERVICE = PSD_IN_SERVICE,
  IN_SESSION = PSD_IN_SESSION,
  IN_OPERATION = PSD_IN_OPERATION,
  IN_LOCKED = PSD_IN_LOCKED,
  IN_FAULTED = PSD_IN_FAULTED,
  IN_WITHDRAWN = PSD_IN_WITHDRAWN,
};

/* clang-format off */
#define ANY {true, 0}
#define ONE(v) {false, (v)}
/* clang-format on */

#define PSD_COMMAND(NAME, name, application, class, ins, p1, p2, cases, least, most, flags, states, access, handler)   \
  [PSD_COMMAND_##NAME] = {PSD_COMMAND_##NAME,                                                                          \
                          name,                                                                                        \
                          PSD_APPLICATION_##application,                                                               \
                          PSD_CLASS_##class,                                                                           \
                          ins,                                                                                         \
                          p1,                                                                                          \
                          p2,                                                                                          \
                          cases,                                                                                       \
                          least,                                                                                       \
                          most,                                                                                        \
                          flags,                                                                                       \
                          states,                                                                                      \
                          access},
const psd_command psd_commands[PSD_COMMAND_COUNT] = {
#include "commands.def"
};
#undef PSD_COMMAND

const psd_command *psd_command_of(psd_class class, uint8_t ins) {
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++)
    if (psd_commands[i].ins == ins && psd_commands[i].class == class)
      return &psd_commands[i];
  return NULL;
}

bool psd_instruction_known(uint8_t ins) {
  return psd_command_of(PSD_CLASS_ISO, ins) != NULL || psd_command_of(PSD_CLASS_GP, ins) != NULL;
}
