/* Inside psd rates: how a table is shown. */
#ifndef PSD_CLI_RATES_H
#define PSD_CLI_RATES_H

#include "cli.h"
#include "psd/program/json.h"

/* "rate table 3, US, 2026-07-12 to 2027-01-10", in `words`, which it returns. */
#define PSD_CLI_TABLE_WORDS 96U
const char *psd_cli_table(const psd_rates *table, char words[PSD_CLI_TABLE_WORDS]);
/* Writes the head of a table as members. */
void psd_show_table(psd_json *json, const psd_rate_page *page);
/* A whole table, in words or JSON; `mail_class` 0 for all classes. */
void psd_show_rates(const psd_cli *cli, const psd_rate_page *page, uint64_t mail_class);

/* psd rates update, by file or by the meter server. Returns the exit status. */
int psd_rates_update(psd_cli *cli);

#endif
