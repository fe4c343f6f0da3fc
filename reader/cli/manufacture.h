/* Inside psd manufacture: one card in a reader, or many in files. */
#ifndef PSD_CLI_MANUFACTURE_H
#define PSD_CLI_MANUFACTURE_H

#include "cli.h"
#include "psd/reader/manufacture.h"

/* An order as the command line has it. */
typedef struct psd_job {
  psd_cli *cli;
  psd_profile profile;
  psd_manufacture_order order;
  bool drawn; /* PIN and PUK are drawn by lot for each card */
} psd_job;

/* A PIN and a PUK by lot, into the job's profile, if it is for the lot to choose. */
psd_result psd_job_draw(psd_job *job, psd_error *error);

/* Makes job->cli->count cards, each in a state file of its own. Returns the exit status. */
int psd_job_many(psd_job *job);

#endif
