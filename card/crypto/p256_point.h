/* Points of P-256, y^2 = x^3 - 3x + b, in homogeneous projective coordinates: (X : Y : Z) stands for (X/Z, Y/Z), and
 * (0 : 1 : 0) for the point at infinity. */
#ifndef PSD_P256_POINT_H
#define PSD_P256_POINT_H

#include "crypto/crypto.h"
#include "crypto/p256_field.h"

typedef struct psd_point {
  psd_field x, y, z;
} psd_point;

/* The generator's multiples for psd_point_multiply_base: entry [t][d - 1] is the sum, over the bits i of d, of
 * 2^(PSD_COMB_STEP t + PSD_COMB_STEP PSD_COMB_TABLES i) G. Affine, in Montgomery form. */
#define PSD_COMB_TEETH 5
#define PSD_COMB_TABLES 2
#define PSD_COMB_STEP 26 /* TEETH * TABLES * STEP is at least 256 */
#define PSD_COMB_ENTRIES ((1 << PSD_COMB_TEETH) - 1)
typedef struct psd_comb_entry {
  psd_field x, y;
} psd_comb_entry;
extern const psd_comb_entry psd_comb[PSD_COMB_TABLES][PSD_COMB_ENTRIES];

/* From and to 65 bytes, uncompressed. Reading fails on a point that is not on the curve, writing on infinity. */
bool psd_point_read(psd_point *out, const uint8_t in[PSD_P256_POINT]);
bool psd_point_write(const psd_point *point, uint8_t out[PSD_P256_POINT]);

/* Sum; complete: right for equal points, opposite points and infinity too. `out` may be one of the points added. */
void psd_point_add(psd_point *out, const psd_point *a, const psd_point *b);
/* `out` may be `a`. */
void psd_point_double(psd_point *out, const psd_point *a);

/* scalar * G and scalar * point, for any scalar of 32 bytes. Neither time nor memory accesses depend on the scalar. */
void psd_point_multiply_base(psd_point *out, const uint8_t scalar[32]);
void psd_point_multiply(psd_point *out, const uint8_t scalar[32], const psd_point *point);

#endif
