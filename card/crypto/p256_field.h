/* Arithmetic modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1, the field of P-256 (FIPS 186-4, D.1.2.3).
 *
 * An element is ten signed limbs of 27 bits in Montgomery form with R = 2^270. Sums and differences are taken limb by
 * limb, neither carried nor reduced. What keeps this right is the range of an element's limbs, in units of 2^27:
 *   - products, squares, constants and carried elements lie in 0..1, the top limb far inside -1..1;
 *   - sums and differences of elements lie in the sums and differences of their ranges, and must stay inside -15..15,
 * so that a limb fits in 32 bits;
 *   - of two factors, the largest magnitudes must multiply to 51 or less, so that ten products of limbs and the
 * reduction fit in 64 bits. Values need no care beyond that: R is 2^14 times p, so factors within these limits only
 * push a product a hundredth of p outside 0..p. No function branches or indexes on an element's value. */
#ifndef PSD_P256_FIELD_H
#define PSD_P256_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#define PSD_P256_LIMBS 10
#define PSD_P256_LIMB_BITS 27

typedef struct psd_field {
  int32_t limb[PSD_P256_LIMBS]; /* least significant first */
} psd_field;

extern const psd_field psd_field_one; /* in Montgomery form */
extern const psd_field psd_field_b;   /* the curve's coefficient b */

void psd_field_add(psd_field *out, const psd_field *a, const psd_field *b);
void psd_field_subtract(psd_field *out, const psd_field *a, const psd_field *b);
void psd_field_multiply(psd_field *out, const psd_field *a, const psd_field *b);
void psd_field_square(psd_field *out, const psd_field *a);
/* Brings the limbs back to 0..1 and leaves the value as it is. */
void psd_field_carry(psd_field *a);
/* out = 1 / a; 0 for 0. */
void psd_field_invert(psd_field *out, const psd_field *a);
bool psd_field_is_zero(const psd_field *a);

/* All ones for bit 1, 0 for bit 0. Through a volatile, or compilers see that masks have two values and branch on them.
 */
static inline uint32_t psd_field_mask(uint32_t bit) {
  volatile uint32_t hidden = bit;
  return 0 - hidden;
}

/* From 32 bytes, most significant first; false if they are not below p. */
bool psd_field_read(psd_field *out, const uint8_t in[32]);
void psd_field_write(const psd_field *a, uint8_t out[32]);

#endif
