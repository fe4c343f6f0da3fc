#include "crypto/p256_point.h"

#define WINDOW_BITS 4
#define WINDOW_ENTRIES (1 << WINDOW_BITS)

/* All ones if a equals b, else 0; for small numbers. */
static uint32_t equal_mask(uint32_t a, uint32_t b) {
  return psd_field_mask(((a ^ b) - 1) >> 31);
}

/* Algorithms 4 and 6 of Renes, Costello and Batina, "Complete addition formulas for prime order elliptic curves"
 * (EUROCRYPT 2016), for a = -3. The comments give the ranges that p256_field.h asks to watch, and the magnitudes of
 * products that come near the limit. They start from coordinates in -1..1, 0..2 and 0..4, and end inside them. */
void psd_point_add(psd_point *out, const psd_point *a, const psd_point *b) {
  psd_field t0, t1, t2, t3, t4, x, y, z;
  psd_field_multiply(&t0, &a->x, &b->x);
  psd_field_multiply(&t1, &a->y, &b->y);
  psd_field_multiply(&t2, &a->z, &b->z); /* 16 */
  psd_field_add(&t3, &a->x, &a->y);      /* -1..3 */
  psd_field_add(&t4, &b->x, &b->y);      /* -1..3 */
  psd_field_multiply(&t3, &t3, &t4);
  psd_field_add(&t4, &t0, &t1);      /* 0..2 */
  psd_field_subtract(&t3, &t3, &t4); /* -2..1 */
  psd_field_add(&t4, &a->y, &a->z);  /* 0..6 */
  psd_field_add(&x, &b->y, &b->z);   /* 0..6 */
  psd_field_multiply(&t4, &t4, &x);  /* 36 */
  psd_field_add(&x, &t1, &t2);       /* 0..2 */
  psd_field_subtract(&t4, &t4, &x);  /* -2..1 */
  psd_field_add(&x, &a->x, &a->z);   /* -1..5 */
  psd_field_add(&y, &b->x, &b->z);   /* -1..5 */
  psd_field_multiply(&x, &x, &y);    /* 25 */
  psd_field_add(&y, &t0, &t2);       /* 0..2 */
  psd_field_subtract(&y, &x, &y);    /* -2..1 */
  psd_field_multiply(&z, &psd_field_b, &t2);
  psd_field_subtract(&x, &y, &z); /* -3..1 */
  psd_field_carry(&x);
  psd_field_add(&z, &x, &x);       /* 0..2 */
  psd_field_add(&x, &x, &z);       /* 0..3 */
  psd_field_subtract(&z, &t1, &x); /* -3..1 */
  psd_field_add(&x, &t1, &x);      /* 0..4 */
  psd_field_multiply(&y, &psd_field_b, &y);
  psd_field_add(&t1, &t2, &t2);      /* 0..2 */
  psd_field_add(&t2, &t1, &t2);      /* 0..3 */
  psd_field_subtract(&y, &y, &t2);   /* -3..1 */
  psd_field_subtract(&y, &y, &t0);   /* -4..1 */
  psd_field_add(&t1, &y, &y);        /* -8..2 */
  psd_field_add(&y, &t1, &y);        /* -12..3 */
  psd_field_add(&t1, &t0, &t0);      /* 0..2 */
  psd_field_add(&t0, &t1, &t0);      /* 0..3 */
  psd_field_subtract(&t0, &t0, &t2); /* -3..3 */
  psd_field_multiply(&t1, &t4, &y);  /* 24 */
  psd_field_multiply(&t2, &t0, &y);  /* 36 */
  psd_field_multiply(&y, &x, &z);    /* 12 */
  psd_field_add(&out->y, &y, &t2);   /* 0..2 */
  psd_field_multiply(&x, &t3, &x);
  psd_field_subtract(&out->x, &x, &t1); /* -1..1 */
  psd_field_multiply(&z, &t4, &z);
  psd_field_multiply(&t1, &t3, &t0);
  psd_field_add(&out->z, &z, &t1); /* 0..2 */
}

void psd_point_double(psd_point *out, const psd_point *a) {
  psd_field t0, t1, t2, t3, x, y, z;
  psd_field_square(&t0, &a->x);
  psd_field_square(&t1, &a->y);
  psd_field_square(&t2, &a->z); /* 16 */
  psd_field_multiply(&t3, &a->x, &a->y);
  psd_field_add(&t3, &t3, &t3); /* 0..2 */
  psd_field_multiply(&z, &a->x, &a->z);
  psd_field_add(&z, &z, &z); /* 0..2 */
  psd_field_multiply(&y, &psd_field_b, &t2);
  psd_field_subtract(&y, &y, &z);  /* -2..1 */
  psd_field_add(&x, &y, &y);       /* -4..2 */
  psd_field_add(&y, &x, &y);       /* -6..3 */
  psd_field_subtract(&x, &t1, &y); /* -3..7 */
  psd_field_add(&y, &t1, &y);      /* -6..4 */
  psd_field_multiply(&y, &x, &y);  /* 42 */
  psd_field_multiply(&x, &x, &t3); /* 14 */
  psd_field_add(&t3, &t2, &t2);    /* 0..2 */
  psd_field_add(&t2, &t2, &t3);    /* 0..3 */
  psd_field_multiply(&z, &psd_field_b, &z);
  psd_field_subtract(&z, &z, &t2);       /* -3..1 */
  psd_field_subtract(&z, &z, &t0);       /* -4..1 */
  psd_field_add(&t3, &z, &z);            /* -8..2 */
  psd_field_add(&z, &z, &t3);            /* -12..3 */
  psd_field_add(&t3, &t0, &t0);          /* 0..2 */
  psd_field_add(&t0, &t3, &t0);          /* 0..3 */
  psd_field_subtract(&t0, &t0, &t2);     /* -3..3 */
  psd_field_multiply(&t0, &t0, &z);      /* 36 */
  psd_field_multiply(&t3, &a->y, &a->z); /* the last look at `a`, which may be `out` */
  psd_field_add(&t3, &t3, &t3);          /* 0..2 */
  psd_field_add(&out->y, &y, &t0);       /* 0..2 */
  psd_field_multiply(&z, &t3, &z);       /* 24 */
  psd_field_subtract(&out->x, &x, &z);   /* -1..1 */
  psd_field_multiply(&z, &t3, &t1);
  psd_field_add(&z, &z, &z);      /* 0..2 */
  psd_field_add(&out->z, &z, &z); /* 0..4 */
}

/* out = a where `mask` is all ones; out unchanged where it is 0. */
static void copy_masked(psd_field *out, const psd_field *a, uint32_t mask) {
  for (int i = 0; i < PSD_P256_LIMBS; i++)
    out->limb[i] = (int32_t)(((uint32_t)a->limb[i] & mask) | ((uint32_t)out->limb[i] & ~mask));
}

static psd_point infinity(void) {
  return (psd_point){.y = psd_field_one};
}

/* Bit number `bit` of the scalar, 0 beyond its end. Which bits are read is no secret. */
static uint32_t scalar_bit(const uint8_t scalar[32], unsigned bit) {
  return bit < 256 ? ((uint32_t)scalar[31 - bit / 8] >> (bit % 8)) & 1U : 0;
}

/* Entry `digit` of the table, infinity for 0; reads every entry. */
static void select_comb(psd_point *out, const psd_comb_entry table[PSD_COMB_ENTRIES], uint32_t digit) {
  *out = infinity();
  for (uint32_t i = 0; i < PSD_COMB_ENTRIES; i++) {
    uint32_t mask = equal_mask(i + 1, digit);
    copy_masked(&out->x, &table[i].x, mask);
    copy_masked(&out->y, &table[i].y, mask);
    copy_masked(&out->z, &psd_field_one, mask);
  }
}

/* Lim and Lee's comb: the scalar's bits are laid out in TEETH * TABLES rows of STEP columns; each column takes one
 * doubling and one addition a table. */
void psd_point_multiply_base(psd_point *out, const uint8_t scalar[32]) {
  psd_point sum = infinity(), chosen;
  uint32_t digit;
  for (unsigned column = PSD_COMB_STEP; column-- > 0;) {
    psd_point_double(&sum, &sum);
    for (unsigned table = 0; table < PSD_COMB_TABLES; table++) {
      digit = 0;
      for (unsigned tooth = 0; tooth < PSD_COMB_TEETH; tooth++)
        digit |= scalar_bit(scalar, column + PSD_COMB_STEP * (table + PSD_COMB_TABLES * tooth)) << tooth;
      select_comb(&chosen, psd_comb[table], digit);
      psd_point_add(&sum, &sum, &chosen);
    }
  }
  *out = sum;
  psd_wipe(&sum, sizeof sum);
  psd_wipe(&chosen, sizeof chosen);
  psd_wipe(&digit, sizeof digit);
}

/* Entry `digit` of the window; reads every entry. */
static void select_window(psd_point *out, const psd_point window[WINDOW_ENTRIES], uint32_t digit) {
  *out = window[0];
  for (uint32_t i = 1; i < WINDOW_ENTRIES; i++) {
    uint32_t mask = equal_mask(i, digit);
    copy_masked(&out->x, &window[i].x, mask);
    copy_masked(&out->y, &window[i].y, mask);
    copy_masked(&out->z, &window[i].z, mask);
  }
}

void psd_point_multiply(psd_point *out, const uint8_t scalar[32], const psd_point *point) {
  psd_point window[WINDOW_ENTRIES]; /* 0, 1, ... 15 times the point */
  window[0] = infinity();
  window[1] = *point;
  for (int i = 2; i < WINDOW_ENTRIES; i++)
    psd_point_add(&window[i], &window[i - 1], point);
  psd_point sum = infinity(), chosen;
  for (unsigned nibble = 0; nibble < 64; nibble++) {
    for (int i = 0; i < WINDOW_BITS; i++)
      psd_point_double(&sum, &sum);
    select_window(&chosen, window, (uint32_t)(scalar[nibble / 2] >> (nibble % 2 == 0 ? 4 : 0)) & 0xF);
    psd_point_add(&sum, &sum, &chosen);
  }
  *out = sum;
  psd_wipe(&sum, sizeof sum);
  psd_wipe(&chosen, sizeof chosen);
  psd_wipe(window, sizeof window);
}

/* y^2 = x^3 - 3x + b */
static bool on_curve(const psd_field *x, const psd_field *y) {
  psd_field left, right, triple;
  psd_field_square(&left, y);
  psd_field_square(&right, x);
  psd_field_multiply(&right, &right, x);
  psd_field_add(&triple, x, x);
  psd_field_add(&triple, &triple, x);
  psd_field_subtract(&right, &right, &triple);
  psd_field_add(&right, &right, &psd_field_b);
  psd_field_subtract(&left, &left, &right);
  return psd_field_is_zero(&left);
}

bool psd_point_read(psd_point *out, const uint8_t in[PSD_P256_POINT]) {
  out->z = psd_field_one;
  return in[0] == 0x04 && psd_field_read(&out->x, in + 1) && psd_field_read(&out->y, in + 33) &&
         on_curve(&out->x, &out->y);
}

bool psd_point_write(const psd_point *point, uint8_t out[PSD_P256_POINT]) {
  psd_field inverse, coordinate;
  psd_field_invert(&inverse, &point->z);
  out[0] = 0x04;
  psd_field_multiply(&coordinate, &point->x, &inverse);
  psd_field_write(&coordinate, out + 1);
  psd_field_multiply(&coordinate, &point->y, &inverse);
  psd_field_write(&coordinate, out + 33);
  bool finite = !psd_field_is_zero(&point->z);
  psd_wipe(&inverse, sizeof inverse);
  psd_wipe(&coordinate, sizeof coordinate);
  return finite;
}
