/* Health tests of the entropy port (SP 800-90B, 4.4), on its bytes.
 *
 * The port promises full entropy: H = 8 bits a sample. Both cutoffs allow one false alarm in 2^40 (SP 800-90B, 4.4
 * recommends 2^-20 to 2^-40): a false alarm stops a good card. Every seeding tests two windows, the 1024 samples that
 * SP 800-90B, 4.3 asks for at start-up, and takes the seed from their end. */
#include <string.h>

#include "crypto/internal.h"

#define WINDOW 512U           /* adaptive proportion test, non-binary source */
#define WINDOWS 2U            /* windows a seeding */
#define REPETITION_CUTOFF 6U  /* 1 + ceil(40 / H) */
#define PROPORTION_CUTOFF 19U /* 1 + CRITBINOM(512, 2^-H, 1 - 2^-40) */
#define READ_SIZE 16U /* short reads, so that a port that answers each one alike is caught by the proportion test */

typedef struct health {
  uint8_t last;       /* the sample before */
  unsigned run;       /* how often it came in a row */
  uint8_t reference;  /* the first sample of the window */
  unsigned count;     /* how often it came in the window */
  unsigned in_window; /* samples of the window so far */
} health;

/* SP 800-90B, 4.4.1. */
static bool repetition_passes(health *state, uint8_t sample) {
  state->run = state->run != 0 && sample == state->last ? state->run + 1 : 1;
  state->last = sample;
  return state->run < REPETITION_CUTOFF;
}

/* SP 800-90B, 4.4.2. */
static bool proportion_passes(health *state, uint8_t sample) {
  if (state->in_window == 0) {
    state->reference = sample;
    state->count = 0;
  }
  if (sample == state->reference)
    state->count++;
  state->in_window = (state->in_window + 1) % WINDOW;
  return state->count < PROPORTION_CUTOFF;
}

bool psd_entropy_gather(const psd_entropy *entropy, uint8_t *seed, size_t length) {
  uint8_t samples[READ_SIZE];
  health state = {0};
  bool ok = entropy->read != NULL && length <= (size_t)WINDOW * WINDOWS;
  for (size_t left = (size_t)WINDOW * WINDOWS; ok && left > 0; left -= READ_SIZE) {
    ok = entropy->read(entropy->device, samples, READ_SIZE);
    for (size_t i = 0; ok && i < READ_SIZE; i++) {
      ok = repetition_passes(&state, samples[i]) && proportion_passes(&state, samples[i]);
      if (left - i <= length)
        seed[length - (left - i)] = samples[i];
    }
  }
  psd_wipe(samples, sizeof samples);
  psd_wipe(&state, sizeof state);
  if (!ok)
    psd_wipe(seed, length);
  return ok;
}
