/* Inside psd credit and pay. */
#ifndef PSD_CLI_CREDIT_H
#define PSD_CLI_CREDIT_H

#include "counter.h"
#include "proof.h"

/* A line of credit: lines, or members. */
void psd_credit_show_line(const psd_cli *cli, psd_json *json, const psd_credit_state *credit);

#endif
