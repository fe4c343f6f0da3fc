#include "crypto/p256_field.h"

#define LIMBS PSD_P256_LIMBS
#define LIMB_BITS PSD_P256_LIMB_BITS
#define LIMB_MASK 0x7FFFFFF

/* cppcheck-suppress shiftNegativeLHS ; what it does is what is asked here */
_Static_assert((-1 >> 1) == -1, "carries need an arithmetic right shift of negative numbers");

const psd_field psd_field_one = {{0x4000, 0x0, 0x0, 0x0, 0x7FFFFFC, 0x7FFFFFF, 0x7FFFFFF, 0x7FDFFFF, 0x3FFFFF, 0x0}};
const psd_field psd_field_b = {
    {0x777F70C, 0x3114E25, 0xD89CDF, 0x38A8612, 0x3C01732, 0x976B56, 0x20ABF72, 0x6812E4, 0x7782DD2, 0x30}};

/* p, 1, and R^2 modulo p: plain numbers, not in Montgomery form. */
static const psd_field prime = {{0x7FFFFFF, 0x7FFFFFF, 0x7FFFFFF, 0x7FFF, 0x0, 0x0, 0x0, 0x8, 0x7FFFF00, 0x1FFF}};
static const psd_field unit = {{1}};
static const psd_field r_squared = {
    {0x0, 0x6, 0x0, 0x7FFF800, 0x7FBFFFF, 0x7DFFFFF, 0x7FFFFFF, 0x7FFFFFF, 0x7FFFFDF, 0x9FF}};

void psd_field_add(psd_field *out, const psd_field *a, const psd_field *b) {
  for (int i = 0; i < LIMBS; i++)
    out->limb[i] = a->limb[i] + b->limb[i];
}

void psd_field_subtract(psd_field *out, const psd_field *a, const psd_field *b) {
  for (int i = 0; i < LIMBS; i++)
    out->limb[i] = a->limb[i] - b->limb[i];
}

void psd_field_carry(psd_field *a) {
  int32_t carry = 0;
  for (int i = 0; i < LIMBS - 1; i++) {
    int32_t sum = a->limb[i] + carry;
    a->limb[i] = sum & LIMB_MASK;
    carry = sum >> LIMB_BITS;
  }
  a->limb[LIMBS - 1] += carry;
}

/* Montgomery reduction of twenty columns. -1/p is 1 modulo 2^27, so the multiple of p that clears a column is the
 * column itself; and p is so sparse that adding the multiple takes four shifts (96 = 3*27 + 15, 192 = 7*27 + 3, 224 =
 * 8*27 + 8, 256 = 9*27 + 13). */
static void reduce(psd_field *out, int64_t column[2 * LIMBS]) {
  for (int i = 0; i < LIMBS; i++) {
    int64_t multiple = column[i] & LIMB_MASK;
    column[i + 1] += column[i] >> LIMB_BITS;
    column[i + 3] += multiple << 15;
    column[i + 7] += multiple << 3;
    column[i + 8] -= multiple << 8;
    column[i + 9] += multiple << 13;
  }
  for (int i = 0; i < LIMBS - 1; i++) {
    column[LIMBS + i + 1] += column[LIMBS + i] >> LIMB_BITS;
    out->limb[i] = (int32_t)(column[LIMBS + i] & LIMB_MASK);
  }
  out->limb[LIMBS - 1] = (int32_t)column[2 * LIMBS - 1];
}

/* Column by column and written out: compilers make half the speed of the loops that say the same. */
#define AB(i, j) ((int64_t)a->limb[i] * b->limb[j])

void psd_field_multiply(psd_field *out, const psd_field *a, const psd_field *b) {
  int64_t column[2 * LIMBS] = {
      AB(0, 0),
      AB(0, 1) + AB(1, 0),
      AB(0, 2) + AB(1, 1) + AB(2, 0),
      AB(0, 3) + AB(1, 2) + AB(2, 1) + AB(3, 0),
      AB(0, 4) + AB(1, 3) + AB(2, 2) + AB(3, 1) + AB(4, 0),
      AB(0, 5) + AB(1, 4) + AB(2, 3) + AB(3, 2) + AB(4, 1) + AB(5, 0),
      AB(0, 6) + AB(1, 5) + AB(2, 4) + AB(3, 3) + AB(4, 2) + AB(5, 1) + AB(6, 0),
      AB(0, 7) + AB(1, 6) + AB(2, 5) + AB(3, 4) + AB(4, 3) + AB(5, 2) + AB(6, 1) + AB(7, 0),
      AB(0, 8) + AB(1, 7) + AB(2, 6) + AB(3, 5) + AB(4, 4) + AB(5, 3) + AB(6, 2) + AB(7, 1) + AB(8, 0),
      AB(0, 9) + AB(1, 8) + AB(2, 7) + AB(3, 6) + AB(4, 5) + AB(5, 4) + AB(6, 3) + AB(7, 2) + AB(8, 1) + AB(9, 0),
      AB(1, 9) + AB(2, 8) + AB(3, 7) + AB(4, 6) + AB(5, 5) + AB(6, 4) + AB(7, 3) + AB(8, 2) + AB(9, 1),
      AB(2, 9) + AB(3, 8) + AB(4, 7) + AB(5, 6) + AB(6, 5) + AB(7, 4) + AB(8, 3) + AB(9, 2),
      AB(3, 9) + AB(4, 8) + AB(5, 7) + AB(6, 6) + AB(7, 5) + AB(8, 4) + AB(9, 3),
      AB(4, 9) + AB(5, 8) + AB(6, 7) + AB(7, 6) + AB(8, 5) + AB(9, 4),
      AB(5, 9) + AB(6, 8) + AB(7, 7) + AB(8, 6) + AB(9, 5),
      AB(6, 9) + AB(7, 8) + AB(8, 7) + AB(9, 6),
      AB(7, 9) + AB(8, 8) + AB(9, 7),
      AB(8, 9) + AB(9, 8),
      AB(9, 9),
  };
  reduce(out, column);
}

#define AA(i, j) ((int64_t)a->limb[i] * a->limb[j])

void psd_field_square(psd_field *out, const psd_field *a) {
  int64_t column[2 * LIMBS] = {
      AA(0, 0),
      2 * AA(0, 1),
      2 * AA(0, 2) + AA(1, 1),
      2 * (AA(0, 3) + AA(1, 2)),
      2 * (AA(0, 4) + AA(1, 3)) + AA(2, 2),
      2 * (AA(0, 5) + AA(1, 4) + AA(2, 3)),
      2 * (AA(0, 6) + AA(1, 5) + AA(2, 4)) + AA(3, 3),
      2 * (AA(0, 7) + AA(1, 6) + AA(2, 5) + AA(3, 4)),
      2 * (AA(0, 8) + AA(1, 7) + AA(2, 6) + AA(3, 5)) + AA(4, 4),
      2 * (AA(0, 9) + AA(1, 8) + AA(2, 7) + AA(3, 6) + AA(4, 5)),
      2 * (AA(1, 9) + AA(2, 8) + AA(3, 7) + AA(4, 6)) + AA(5, 5),
      2 * (AA(2, 9) + AA(3, 8) + AA(4, 7) + AA(5, 6)),
      2 * (AA(3, 9) + AA(4, 8) + AA(5, 7)) + AA(6, 6),
      2 * (AA(4, 9) + AA(5, 8) + AA(6, 7)),
      2 * (AA(5, 9) + AA(6, 8)) + AA(7, 7),
      2 * (AA(6, 9) + AA(7, 8)),
      2 * AA(7, 9) + AA(8, 8),
      2 * AA(8, 9),
      AA(9, 9),
  };
  reduce(out, column);
}

static void square_times(psd_field *out, const psd_field *a, unsigned times) {
  psd_field_square(out, a);
  for (unsigned i = 1; i < times; i++)
    psd_field_square(out, out);
}

/* Fermat: a^(p - 2). The exponent's words are FFFFFFFF 00000001 0 0 0 FFFFFFFF FFFFFFFF FFFFFFFD. */
void psd_field_invert(psd_field *out, const psd_field *a) {
  static const struct {
    uint8_t squarings;
    uint8_t factor; /* index into `ones` */
  } steps[] = {{32, 0}, {128, 5}, {32, 5}, {16, 4}, {8, 3}, {4, 2}, {2, 1}, {2, 0}};
  psd_field ones[6]; /* a to the power of 1, 2, 4, 8, 16 and 32 one-bits */
  ones[0] = *a;
  for (unsigned i = 1; i < 6; i++) {
    square_times(&ones[i], &ones[i - 1], 1U << (i - 1));
    psd_field_multiply(&ones[i], &ones[i], &ones[i - 1]);
  }
  psd_field result = ones[5];
  for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    square_times(&result, &result, steps[i].squarings);
    psd_field_multiply(&result, &result, &ones[steps[i].factor]);
  }
  *out = result;
}

/* Out of Montgomery form, between 0 and p - 1. Reducing a product with 1 gives 0 to p, so only p itself is left over.
 */
static void normalize(psd_field *out, const psd_field *a) {
  psd_field_multiply(out, a, &unit);
  uint32_t difference = 0;
  for (int i = 0; i < LIMBS; i++)
    difference |= (uint32_t)(out->limb[i] ^ prime.limb[i]);
  int32_t keep = (int32_t)psd_field_mask((difference | (0 - difference)) >> 31); /* 0 if it is p */
  for (int i = 0; i < LIMBS; i++)
    out->limb[i] &= keep;
}

bool psd_field_is_zero(const psd_field *a) {
  psd_field plain;
  normalize(&plain, a);
  int32_t bits = 0;
  for (int i = 0; i < LIMBS; i++)
    bits |= plain.limb[i];
  return bits == 0;
}

/* True if a, of ten carried limbs, is below p. */
static bool below_prime(const psd_field *a) {
  int32_t borrow = 0;
  for (int i = 0; i < LIMBS; i++)
    borrow = (a->limb[i] - prime.limb[i] + borrow) >> LIMB_BITS;
  return borrow != 0;
}

bool psd_field_read(psd_field *out, const uint8_t in[32]) {
  uint64_t bits = 0;
  unsigned held = 0;
  int limb = 0;
  for (int i = 31; i >= 0; i--) {
    bits |= (uint64_t)in[i] << held;
    held += 8;
    if (held >= LIMB_BITS) {
      out->limb[limb++] = (int32_t)(bits & LIMB_MASK);
      bits >>= LIMB_BITS;
      held -= LIMB_BITS;
    }
  }
  out->limb[limb] = (int32_t)bits;
  bool valid = below_prime(out);
  psd_field_multiply(out, out, &r_squared);
  return valid;
}

void psd_field_write(const psd_field *a, uint8_t out[32]) {
  psd_field plain;
  normalize(&plain, a);
  uint64_t bits = 0;
  unsigned held = 0;
  int limb = 0;
  for (int i = 31; i >= 0; i--) {
    if (held < 8) {
      bits |= (uint64_t)(uint32_t)plain.limb[limb++] << held;
      held += LIMB_BITS;
    }
    out[i] = (uint8_t)bits;
    bits >>= 8;
    held -= 8;
  }
}
