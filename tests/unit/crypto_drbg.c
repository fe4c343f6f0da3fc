/* HMAC_DRBG against NIST CAVS, and what it does with bad entropy. */
#include "check.h"
#include "crypto_support.h"

/* CAVS 14.3, drbgvectors_no_reseed, HMAC_DRBG SHA-256, COUNT = 0: the second of two outputs. */
static void cavs_without_reseed(void) {
  uint8_t seed[48], out[128];
  psd_check_hex("ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488659ba96c601dc69fc902940805ec0ca8",
                seed, sizeof seed);
  stream from = {.number = 1, .seed = seed, .seed_length = sizeof seed};
  psd_entropy port = stream_port(&from);
  psd_drbg drbg;
  CU_ASSERT_FATAL(psd_drbg_start(&drbg, &port));
  CU_ASSERT(psd_drbg_read(&drbg, out, sizeof out));
  CU_ASSERT(psd_drbg_read(&drbg, out, sizeof out));
  psd_check_bytes(out, sizeof out,
                  "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89"
                  "d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc1"
                  "07694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668"
                  "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8",
                  "CAVS");
  psd_drbg_stop(&drbg);
}

static void outputs_differ(void) {
  psd_drbg one, same, other;
  uint8_t a[32], b[32];
  CU_ASSERT_FATAL(start_drbg(&one, 1) && start_drbg(&same, 1) && start_drbg(&other, 2));
  CU_ASSERT(psd_drbg_read(&one, a, sizeof a) && psd_drbg_read(&same, b, sizeof b));
  CU_ASSERT(psd_equal(a, b, sizeof a));
  CU_ASSERT(psd_drbg_read(&other, b, sizeof b));
  CU_ASSERT(!psd_equal(a, b, sizeof a));
  CU_ASSERT(psd_drbg_read(&one, b, sizeof b));
  CU_ASSERT(!psd_equal(a, b, sizeof a));
}

static void stop_wipes(void) {
  psd_drbg drbg;
  uint8_t out[16];
  CU_ASSERT_FATAL(start_drbg(&drbg, 1));
  psd_drbg_stop(&drbg);
  CU_ASSERT(all_zero(drbg.key, sizeof drbg.key) && all_zero(drbg.value, sizeof drbg.value));
  memset(out, 1, sizeof out);
  CU_ASSERT(!psd_drbg_read(&drbg, out, sizeof out));
  CU_ASSERT(all_zero(out, sizeof out));
}

/* SP 800-90A, table 2: at most 2^19 bits a request. */
static void requests_are_bounded(void) {
  static uint8_t out[65537];
  psd_drbg drbg;
  CU_ASSERT_FATAL(start_drbg(&drbg, 1));
  CU_ASSERT(psd_drbg_read(&drbg, out, 65536));
  CU_ASSERT(!all_zero(out + 65536 - 32, 32));
  CU_ASSERT(!psd_drbg_read(&drbg, out, 65537));
  CU_ASSERT(all_zero(out, sizeof out));
  CU_ASSERT(psd_drbg_read(&drbg, out, 32));
}

/* Reads PSD_DRBG_RESEED times, so that the next call reseeds. */
static void exhaust(psd_drbg *drbg) {
  uint8_t out[1];
  for (unsigned i = 0; i < PSD_DRBG_RESEED; i++)
    CU_ASSERT(psd_drbg_read(drbg, out, sizeof out));
}

static void reseeds_when_due(void) {
  stream from = {.number = 1}, again = {.number = 1};
  psd_entropy port = stream_port(&from), again_port = stream_port(&again);
  psd_drbg drbg, twin;
  uint8_t out[32], twin_out[32];
  CU_ASSERT_FATAL(psd_drbg_start(&drbg, &port) && psd_drbg_start(&twin, &again_port));
  size_t seeded = from.position;
  exhaust(&drbg);
  exhaust(&twin);
  CU_ASSERT_EQUAL(from.position, seeded);
  again.number = 2; /* from here on, the twin's entropy is another */
  CU_ASSERT(psd_drbg_read(&drbg, out, sizeof out) && psd_drbg_read(&twin, twin_out, sizeof twin_out));
  CU_ASSERT(from.position > seeded);
  CU_ASSERT(!psd_equal(out, twin_out, sizeof out));
  seeded = from.position;
  CU_ASSERT(psd_drbg_read(&drbg, out, sizeof out));
  CU_ASSERT_EQUAL(from.position, seeded);
}

static void failure_to_reseed_sticks(void) {
  stream from = {.number = 1};
  psd_entropy port = stream_port(&from);
  psd_drbg drbg;
  uint8_t out[32];
  CU_ASSERT_FATAL(psd_drbg_start(&drbg, &port));
  exhaust(&drbg);
  from.fail_at = from.reads + 1;
  memset(out, 1, sizeof out);
  CU_ASSERT(!psd_drbg_read(&drbg, out, sizeof out));
  CU_ASSERT(all_zero(out, sizeof out));
  CU_ASSERT(!psd_drbg_read(&drbg, out, sizeof out)); /* although the port would work again */
  CU_ASSERT(psd_drbg_start(&drbg, &port));
  CU_ASSERT(psd_drbg_read(&drbg, out, sizeof out));
}

static void any_failing_read_of_the_port_fails_the_start(void) {
  stream counter = {.number = 1};
  psd_entropy port = stream_port(&counter);
  psd_drbg drbg;
  uint8_t out[16];
  CU_ASSERT_FATAL(psd_drbg_start(&drbg, &port));
  for (unsigned n = 1; n <= counter.reads; n++) {
    stream from = {.number = 1, .fail_at = n};
    port = stream_port(&from);
    CU_ASSERT(!psd_drbg_start(&drbg, &port));
    CU_ASSERT(!psd_drbg_read(&drbg, out, sizeof out));
  }
  port.read = NULL;
  CU_ASSERT(!psd_drbg_start(&drbg, &port));
}

static bool starts_with(uint8_t (*alter)(size_t, uint8_t)) {
  stream from = {.number = 1, .alter = alter};
  psd_entropy port = stream_port(&from);
  psd_drbg drbg;
  return psd_drbg_start(&drbg, &port);
}

static uint8_t all_zeros(size_t position, uint8_t byte) {
  (void)position;
  return byte & 0;
}
static uint8_t all_ones(size_t position, uint8_t byte) {
  (void)position;
  return byte | 0xFF;
}
static uint8_t two_in_turn(size_t position, uint8_t byte) {
  (void)byte;
  return position % 2 == 0 ? 0x55 : 0xAA;
}
static uint8_t same_sixteen(size_t position, uint8_t byte) {
  (void)byte;
  return (uint8_t)(7 * (position % 16));
}
static uint8_t few_values(size_t position, uint8_t byte) {
  (void)position;
  return byte & 0x0F;
}
static uint8_t late_end(size_t position, uint8_t byte) {
  return position >= STREAM_SEEDING - 6 ? 0x77 : byte;
}

/* A device that starts over at every read. */
static bool read_from_the_start(void *device, uint8_t *data, size_t length) {
  stream from = {.number = 1};
  (void)device;
  return stream_read(&from, data, length);
}

static void stuck_sources_fail_the_start(void) {
  CU_ASSERT(starts_with(NULL));
  CU_ASSERT(!starts_with(all_zeros));
  CU_ASSERT(!starts_with(all_ones));
  CU_ASSERT(!starts_with(two_in_turn));
  CU_ASSERT(!starts_with(same_sixteen));
  CU_ASSERT(!starts_with(few_values));
  CU_ASSERT(!starts_with(late_end));
  psd_entropy port = {.device = NULL, .read = read_from_the_start};
  psd_drbg drbg;
  CU_ASSERT(!psd_drbg_start(&drbg, &port));
}

/* A run across the border of two reads of the port; around it other bytes. */
static uint8_t run_of(size_t position, uint8_t byte, size_t length) {
  if (position >= 30 && position < 30 + length)
    return 0x42;
  return byte == 0x42 ? 0x43 : byte;
}
static uint8_t run_of_five(size_t position, uint8_t byte) {
  return run_of(position, byte, 5);
}
static uint8_t run_of_six(size_t position, uint8_t byte) {
  return run_of(position, byte, 6);
}

/* SP 800-90B, 4.4.1: C = 1 + ceil(40 / 8) = 6. */
static void repetition_cutoff_is_six(void) {
  CU_ASSERT(starts_with(run_of_five));
  CU_ASSERT(!starts_with(run_of_six));
}

/* In the window from `start`, the first value comes back at every 28th position until it was there `count` times. */
static uint8_t crowd_of(size_t position, uint8_t byte, size_t start, size_t count) {
  if (position >= start && (position - start) % 28 == 0 && (position - start) / 28 < count)
    return 0x42;
  return byte == 0x42 ? 0x43 : byte;
}
static uint8_t crowd_of_18(size_t position, uint8_t byte) {
  return crowd_of(position, byte, 512, 18);
}
static uint8_t crowd_of_19(size_t position, uint8_t byte) {
  return crowd_of(position, byte, 512, 19);
}
/* Too many in 512 samples, but no window sees more than half of them. */
static uint8_t crowd_between_windows(size_t position, uint8_t byte) {
  return crowd_of(position, byte, 256, 19);
}

/* SP 800-90B, 4.4.2: windows of 512, C = 1 + CRITBINOM(512, 2^-8, 1 - 2^-40) = 19. */
static void proportion_cutoff_is_nineteen(void) {
  CU_ASSERT(starts_with(crowd_of_18));
  CU_ASSERT(!starts_with(crowd_of_19));
  CU_ASSERT(starts_with(crowd_between_windows));
}

static void a_source_that_gets_stuck_fails_the_reseed(void) {
  stream from = {.number = 1};
  psd_entropy port = stream_port(&from);
  psd_drbg drbg;
  uint8_t out[16];
  CU_ASSERT_FATAL(psd_drbg_start(&drbg, &port));
  exhaust(&drbg);
  from.alter = all_zeros;
  CU_ASSERT(!psd_drbg_read(&drbg, out, sizeof out));
  from.alter = NULL;
  CU_ASSERT(!psd_drbg_read(&drbg, out, sizeof out));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"CAVS 14.3, no reseed, through the entropy port", cavs_without_reseed},
      {"the same entropy gives the same output, other entropy and later calls give others", outputs_differ},
      {"stopping wipes the state and ends all output", stop_wipes},
      {"a request is at most 65536 bytes", requests_are_bounded},
      {"new entropy is taken after PSD_DRBG_RESEED calls, and counts", reseeds_when_due},
      {"a failure to reseed ends all output until the next start", failure_to_reseed_sticks},
      {"whichever read of the port fails, the start fails", any_failing_read_of_the_port_fails_the_start},
      {"stuck and repeating sources fail the start", stuck_sources_fail_the_start},
      {"SP 800-90B, 4.4.1: five in a row pass, six do not", repetition_cutoff_is_six},
      {"SP 800-90B, 4.4.2: 18 in a window pass, 19 do not", proportion_cutoff_is_nineteen},
      {"a source that gets stuck later fails the reseed", a_source_that_gets_stuck_fails_the_reseed},
  };
  return psd_check_run("crypto drbg", tests, PSD_CHECK_COUNT(tests));
}
