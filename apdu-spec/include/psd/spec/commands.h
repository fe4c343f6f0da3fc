/* The commands (commands.def). */
#ifndef PSD_SPEC_COMMANDS_H
#define PSD_SPEC_COMMANDS_H

#include "psd/spec/objects.h"

#define PSD_COMMAND(NAME, name, application, class, ins, p1, p2, cases, least, most, flags, states, access, handler)   \
  PSD_COMMAND_##NAME,
typedef enum psd_command_id {
#include "commands.def"
  PSD_COMMAND_COUNT
} psd_command_id;
#undef PSD_COMMAND

typedef enum psd_application {
  PSD_APPLICATION_CARD, /* whatever is selected */
  PSD_APPLICATION_PSD,
} psd_application;

typedef enum psd_class {
  PSD_CLASS_ISO, /* interindustry: 00-0F, 40-7F */
  PSD_CLASS_GP,  /* proprietary: 80-8F */
} psd_class;

/* ISO cases of a command; a set. ISO/IEC 7816-4:2005, 5.1. */
enum psd_cases { PSD_C1 = 1, PSD_C2 = 2, PSD_C3 = 4, PSD_C4 = 8 };

enum psd_command_flags {
  PSD_FLAG_CHAIN = 1,  /* may come in a chain of commands (5.1.1.1) */
  PSD_FLAG_HIDE = 2,   /* its data is secret */
  PSD_FLAG_CLEAR = 4,  /* goes in clear even when a secure channel is open */
  PSD_FLAG_KEYS = 8,   /* its answer is secret */
  PSD_FLAG_OUTER = 16, /* never comes inside a record of the session with the meter server */
};

/* A parameter byte must be `value`, or anything. */
typedef struct psd_parameter {
  bool any;
  uint8_t value;
} psd_parameter;

typedef struct psd_command {
  psd_command_id id;
  const char *name;
  psd_application application;
  psd_class class;
  uint8_t ins;
  psd_parameter p1, p2;
  uint8_t cases;
  uint16_t least, most; /* data bytes, when there are any */
  uint8_t flags;
  psd_state_set states;
  psd_access_set access;
} psd_command;

extern const psd_command psd_commands[PSD_COMMAND_COUNT];

/* The first row with this class and instruction; NULL if there is none. No two rows share both. */
const psd_command *psd_command_of(psd_class class, uint8_t ins);
/* True if a row of any class has this instruction. */
bool psd_instruction_known(uint8_t ins);

#endif
