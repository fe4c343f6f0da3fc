/* Arguments of the form name=value. */
#ifndef PSD_BENCH_ARGUMENTS_H
#define PSD_BENCH_ARGUMENTS_H

#include <stdbool.h>

/* Takes the value if the argument is called so. */
bool bench_take_text(const char *argument, const char *name, const char **text);
/* The same for a number; false for what is none. */
bool bench_take_number(const char *argument, const char *name, unsigned long *number);
/* As many descriptors as the system grants. */
void bench_allow_descriptors(void);

#endif
