/* The known-answer tests are none of this subject, and most of the time that powering up takes: these programs bring
 * one that is quick, and fails when it is told to. */
#include "card_kat.h"

static psd_kat broken = PSD_KAT_COUNT;

void card_kat_break(psd_kat test) {
  broken = test;
}

bool psd_kat_run(psd_kat test) {
  return test != broken;
}

const char *psd_kat_name(psd_kat test) {
  return test == broken ? "broken" : "sound";
}
