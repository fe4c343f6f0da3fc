/* Inside psd postmark, verify and pay: objects checked without the card, by OpenSSL (psd/proof/proof.h). */
#ifndef PSD_CLI_PROOF_H
#define PSD_CLI_PROOF_H

#include "cli.h"
#include "psd/program/json.h"
#include "psd/proof/proof.h"

/* Whom the options say to believe; psd_trust_free. NULL after telling what is wrong, with `*status` set. */
psd_trust *psd_cli_trust(psd_cli *cli, int *status);
/* Says how a check ended that is not PSD_PROOF_HOLDS; returns the exit status. `path` is what was checked. */
int psd_cli_disproved(const psd_cli *cli, const char *path, psd_proof_result result, const char *why);
/* Who has signed: lines, or members. */
void psd_cli_signer(const psd_cli *cli, psd_json *json, const psd_proof_signer *signer);
/* "  what                 words", and a time so. */
void psd_cli_line(const char *what, const char *words);
void psd_cli_line_time(const char *what, uint64_t time);
void psd_cli_line_amount(const char *what, uint64_t mills);

#endif
