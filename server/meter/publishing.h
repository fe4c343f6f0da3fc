/* What psd-server publishes over HTTP (--http; publish/publish.h), beside the server's loop. */
#ifndef PSD_METER_PUBLISHING_H
#define PSD_METER_PUBLISHING_H

#include "meter/settings.h"

typedef struct psd_meter_server psd_meter_server;
typedef struct psd_meter_publishing psd_meter_publishing;

/* Begins, if the settings say where; says so on standard output. False, and one line in `words`, if that cannot be. */
bool psd_meter_publishing_start(psd_meter_server *server, char words[PSD_METER_WORDS_MAX]);
/* The settings have changed. */
void psd_meter_publishing_reload(psd_meter_server *server);
/* Ends it; what is being answered is answered. The loop must run on until its handle is closed. */
void psd_meter_publishing_stop(psd_meter_server *server);

#endif
