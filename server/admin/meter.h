/* What the files about meters share. */
#ifndef PSD_SERVER_ADMIN_METER_H
#define PSD_SERVER_ADMIN_METER_H

#include "admin/command.h"

/* "OPERATIONAL" */
const char *psd_admin_state_name(const psd_audit *audit);
/* The members of a meter, in an object that is open. */
void psd_admin_json_meter(psd_json *json, const psd_meter_row *row, const psd_admin_owner *owner);
/* "reserved", "postage". */
const char *psd_admin_op_state(psd_op_state state);
const char *psd_admin_group_name(psd_group group);
/* How many PSDs there are. */
psd_db_result psd_admin_count_meters(psd_admin *admin, uint64_t *total);

#endif
