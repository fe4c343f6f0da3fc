/* Inside psd refill, withdraw and recover: how what came of them is shown, once psd_show_money has shown the rest. */
#ifndef PSD_CLI_FUNDS_H
#define PSD_CLI_FUNDS_H

#include "session.h"

/* That an earlier session's operation was this one, if so it is: nothing more was moved. */
psd_result psd_show_repeated(psd_meeting *meeting);
/* That nothing was left behind, where nothing was, and the card's last operation then. */
psd_result psd_show_nothing_left(psd_meeting *meeting);

#endif
