/* Inside psd cert: certificates of users (VM figures 1, 5 and 6; docs/certificates.md). Each returns the exit status.
 */
#ifndef PSD_CLI_CERT_H
#define PSD_CLI_CERT_H

#include "counter.h"

int psd_cert_request(psd_cli *cli);
int psd_cert_renew(psd_cli *cli);
int psd_cert_install(psd_cli *cli);
int psd_cert_status(psd_cli *cli);
int psd_cert_list(psd_cli *cli);
int psd_cert_export(psd_cli *cli);
int psd_cert_revoke(psd_cli *cli);
int psd_cert_delete(psd_cli *cli);
int psd_cert_import(psd_cli *cli);

/* Every slot that has a key, under the head of a table, or as a list. */
void psd_cert_show_slots(const psd_cli *cli, psd_json *json, const psd_services *services);

#endif
