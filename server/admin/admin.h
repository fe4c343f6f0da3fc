/* What an operator does to the meter server's database: every command of psd-server but `run`. */
#ifndef PSD_SERVER_ADMIN_H
#define PSD_SERVER_ADMIN_H

/* The whole command; argv[0] is the program. Returns the exit status: 0 done, 1 refused (one line on standard error), 2
 * usage, 3 the database or the key management system cannot be reached. Without a command, or with --help or --version,
 * it tells those of psd-server as a whole. Starts and stops psd_evp. */
int psd_admin_run(int argc, char **argv);

#endif
