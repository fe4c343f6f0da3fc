/* psd-fleet: PSDs in this process sign on to a meter server, over and over. */
#ifndef PSD_FLEET_RUN_H
#define PSD_FLEET_RUN_H

/* The whole command; returns the exit status. */
int psd_fleet_main(int argc, char **argv);

#endif
