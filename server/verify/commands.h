/* The commands of psd-verify. Each returns an exit status. */
#ifndef PSD_VERIFY_COMMANDS_H
#define PSD_VERIFY_COMMANDS_H

#include "psd/proof/proof.h"
#include "verify/options.h"
#include "verify/seen.h"

int psd_verify_command_indicium(const psd_verify_options *options);
int psd_verify_command_batch(const psd_verify_options *options);
int psd_verify_command_token(const psd_verify_options *options);
int psd_verify_command_postmark(const psd_verify_options *options);
int psd_verify_command_signature(const psd_verify_options *options);
int psd_verify_command_payment(const psd_verify_options *options);
int psd_verify_command_info(const psd_verify_options *options);

/* Seconds since 1970. */
uint64_t psd_verify_now(void);
/* Opens the site's folder, as of now; NULL, and a line on standard error, when refused. What somebody should know of it
 * is told there too. */
psd_site *psd_verify_open_site(const psd_verify_options *options);
/* Whom the site and the command line believe about certificates; NULL, and a line on standard error, when refused. */
psd_trust *psd_verify_open_trust(const psd_verify_options *options);
/* The address of the site's database, to be freed; NULL without memory. */
char *psd_verify_database(const psd_verify_options *options);
void psd_verify_database_free(char *url);
/* Opens the database of pieces that were seen; NULL in `seen` with --no-remember. Returns PSD_EXIT_DONE, or the exit
 * status after telling why. */
int psd_verify_open_seen(const psd_verify_options *options, psd_seen **seen);
/* "psd-verify: ..." on standard error; returns PSD_EXIT_REFUSED. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
int psd_verify_refused(const char *format, ...);

#endif
