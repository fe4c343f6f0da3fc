/* What the files about accounts share. */
#ifndef PSD_SERVER_ADMIN_ACCOUNT_H
#define PSD_SERVER_ADMIN_ACCOUNT_H

#include "admin/command.h"

/* The members of an account and what it has, in an object that is open. */
void psd_admin_json_account(psd_json *json, const psd_account *account, const psd_dc_funds *funds);
/* Shows an account as it is now; `done` is what was done before, or NULL. Returns the exit status. */
int psd_admin_account_funds(psd_admin *admin, const psd_account *account, const char *done);

#endif
