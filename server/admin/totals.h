/* What the control totals of meters were, and since when: what a verification site compares registers with. */
#ifndef PSD_SERVER_ADMIN_TOTALS_H
#define PSD_SERVER_ADMIN_TOTALS_H

#include <stdio.h>

#include "admin/command.h"

/* Writes vendor,model,serial,control_total,since with a heading: a row for each control total that the postage group of
 * a meter has had, in order of meters and times; 0 from the beginning. A current-account meter, whose registers add up
 * to nothing, has one row without control total. A refill that is reserved may be in the meter already, so what it
 * would make of it is there as well. `meters` gets how many there are. */
psd_db_result psd_admin_write_totals(psd_admin *admin, FILE *out, uint64_t *meters);

#endif
