/* A command to the card on the bench and the answer it must give, as one line. Commands and answers are written as
 * pattern.h has it; the answer ends with SW1-SW2. A difference is printed and fails the test. */
#ifndef PSD_TEST_EXPECT_H
#define PSD_TEST_EXPECT_H

#include "rig.h"

void expect(rig *r, const char *command, const char *answer);
/* The same through the open secure channel: the command as it is meant, the answer in clear. */
void expect_secure(rig *r, const char *command, const char *answer);
/* The same, with everything fetched that waits behind 61xx. */
void expect_whole(rig *r, const char *command, const char *answer);
/* SELECT the PSD, answered 9000. */
void expect_selected(rig *r);

#endif
