/* psd-server run. */
#ifndef PSD_METER_RUN_H
#define PSD_METER_RUN_H

/* Serves until a signal ends it; argv[0] is "run". Returns the process's exit status: 0 stopped in order, 1 refused, 2
 * usage, 3 a database that cannot be reached. */
int psd_meter_run(int argc, char *const *argv);

#endif
