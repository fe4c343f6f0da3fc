/* Inside psd info: what is more than the fields of one object. */
#ifndef PSD_CLI_INFO_H
#define PSD_CLI_INFO_H

#include "cli.h"
#include "psd/program/json.h"

/* Whether the card has answered that it does not hold what it was asked for. */
bool psd_info_absent(const psd_cli *cli, psd_result result);

/* When the next inspection is due and the watchdog locks, by the card's own clock. A card without a clock that is set
 * has none. */
psd_result psd_info_inspection(psd_cli *cli, psd_json *json);
/* The last operation with funds in JSON; to people only one that is not finished. */
psd_result psd_info_operation(psd_cli *cli, psd_json *json);
/* From when to when the PSD's certificate is valid, if it has one. */
psd_result psd_info_certificate(psd_cli *cli, psd_json *json);

/* What the certificate meter counts, and the keys of its users. */
psd_result psd_info_services(psd_cli *cli, psd_json *json);
/* What evidence it makes, and its rate tables. */
psd_result psd_info_evidence(psd_cli *cli, psd_json *json);

#endif
