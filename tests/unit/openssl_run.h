/* The openssl command, which nobody here wrote: what it says of what was made here. */
#ifndef PSD_OPENSSL_RUN_H
#define PSD_OPENSSL_RUN_H

/* Runs openssl in a folder with these arguments, silently; its exit status, or -1. */
#define OPENSSL(folder, ...) openssl_run((folder), (const char *const[]){"openssl", __VA_ARGS__, NULL})
int openssl_run(const char *folder, const char *const arguments[]);

#endif
