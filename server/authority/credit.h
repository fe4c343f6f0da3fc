/* The inside of the creditor's desk. */
#ifndef PSD_AUTHORITY_CREDIT_H
#define PSD_AUTHORITY_CREDIT_H

#include "authority/desk.h"

/* Columns of credit_lines, as statements.def has them. */
psd_db_result psd_desk_take_credit(psd_db *db, psd_sql sql, void *row);

#endif
