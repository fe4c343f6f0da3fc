/* The handlers of commands.def, declared from its rows. */
#ifndef PSD_ISO7816_HANDLERS_H
#define PSD_ISO7816_HANDLERS_H

#include "context.h"

#define PSD_COMMAND(NAME, name, application, class, ins, p1, p2, cases, least, most, flags, states, access, handler)   \
  psd_handler psd_handle_##handler;
#include "commands.def"
#undef PSD_COMMAND

#endif
