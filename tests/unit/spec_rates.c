/* Rate tables: every rule of psd_rates_open, to both sides, and what is looked up (apdu-spec/include/psd/spec/rates.h).
 */
#include "check.h"
#include "psd/spec/rates.h"

#include <stdlib.h>
#include <string.h>

#define ZONES_MOST 4U
#define ROWS_MOST 400U

/* A table in its parts. */
typedef struct made {
  psd_rate_table head;
  psd_service_rates services;
  psd_zone_row zones[ZONES_MOST];
  psd_rate_row rows[ROWS_MOST];
} made;

static made sample(void) {
  return (made){
      .head = {.magic = "PSDR",
               .format = 1,
               .country = "US",
               .version = 1,
               .effective = 20260101,
               .expiry = 20260102,
               .origin = 902,
               .zones = 3,
               .rows = 8},
      .services = {.certificate = 1, .payment = UINT64_MAX},
      .zones = {{0, 99, 8}, {900, 909, 1}, {910, 999, 2}},
      .rows = {{PSD_CLASS_OF_FIRST, 0, 28, 730},
               {PSD_CLASS_OF_FIRST, 0, 57, 1020},
               {PSD_CLASS_OF_CARD, 0, 9, 560},
               {PSD_CLASS_OF_PRIORITY, 1, 454, 9350},
               {PSD_CLASS_OF_PRIORITY, 1, 907, 9900},
               {PSD_CLASS_OF_PRIORITY, 2, 454, 9450},
               {PSD_CLASS_OF_PRIORITY, 8, 454, 12500},
               {PSD_CLASS_OF_MEDIA, 0, 65535, 1}},
  };
}

static size_t encode(const made *of, uint8_t *bytes, size_t capacity) {
  psd_buffer out = psd_buffer_over(bytes, capacity);
  psd_put_message(&out, PSD_MESSAGE_RATE_TABLE, &of->head);
  psd_put_message(&out, PSD_MESSAGE_SERVICE_RATES, &of->services);
  for (size_t i = 0; i < of->head.zones && i < ZONES_MOST; i++)
    psd_put_message(&out, PSD_MESSAGE_ZONE_ROW, &of->zones[i]);
  for (size_t i = 0; i < of->head.rows && i < ROWS_MOST; i++)
    psd_put_message(&out, PSD_MESSAGE_RATE_ROW, &of->rows[i]);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return out.length;
}

/* Opens bytes in memory of exactly their number. */
static bool opens_bytes(const uint8_t *bytes, size_t length) {
  psd_rates rates;
  if (length > PTRDIFF_MAX)
    return false; /* it cannot be; the compiler does not know it */
  uint8_t *exact = malloc(length > 0 ? length : 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
  if (length > 0)
    memcpy(exact, bytes, length);
  bool ok = psd_rates_open(exact, length, &rates);
  free(exact);
  return ok;
}

static bool opens(const made *of) {
  static uint8_t bytes[8192];
  return opens_bytes(bytes, encode(of, bytes, sizeof bytes));
}

/* Sets a number of the sample, and opens it. */
#define OPENS(place, value)                                                                                            \
  do {                                                                                                                 \
    of = sample();                                                                                                     \
    of.place = (value);                                                                                                \
    CU_ASSERT_TRUE(opens(&of));                                                                                        \
  } while (0)
#define REFUSED(place, value)                                                                                          \
  do {                                                                                                                 \
    of = sample();                                                                                                     \
    of.place = (value);                                                                                                \
    CU_ASSERT_FALSE(opens(&of));                                                                                       \
  } while (0)

static void heads(void) {
  made of = sample();
  CU_ASSERT_TRUE(opens(&of));
  for (size_t i = 0; i < 4; i++)
    REFUSED(head.magic[i], 'X');
  REFUSED(head.format, 0);
  REFUSED(head.format, 2);
  for (size_t i = 0; i < 2; i++) {
    OPENS(head.country[i], 'A');
    OPENS(head.country[i], 'Z');
    REFUSED(head.country[i], 'A' - 1);
    REFUSED(head.country[i], 'Z' + 1);
    REFUSED(head.country[i], 'u');
    REFUSED(head.country[i], 0);
  }
  REFUSED(head.version, 0);
  OPENS(head.version, UINT32_MAX);
}

static void dates(void) {
  made of;
  OPENS(head.expiry, 99991231);
  OPENS(head.effective, 19700101);
  REFUSED(head.expiry, 20260101); /* not a day in force */
  REFUSED(head.expiry, 20251231);
  REFUSED(head.expiry, 20260132);
  REFUSED(head.expiry, 0);
  REFUSED(head.expiry, UINT32_MAX);
  REFUSED(head.effective, 20260102);
  REFUSED(head.effective, 20251301);
  REFUSED(head.effective, 19691231);
  REFUSED(head.effective, 0);
}

static void origins(void) {
  made of;
  OPENS(head.origin, 0);
  OPENS(head.origin, 999);
  REFUSED(head.origin, PSD_RATES_NO_ORIGIN);
  REFUSED(head.origin, 1001);
  REFUSED(head.zones, 0); /* an origin, and no zones */
  of = sample();
  of.head.zones = 0;
  of.head.origin = PSD_RATES_NO_ORIGIN;
  CU_ASSERT_TRUE(opens(&of));
}

static void zone_rows(void) {
  made of;
  OPENS(zones[0].last, 0); /* a single one */
  OPENS(zones[0].last, 899);
  REFUSED(zones[0].last, 900); /* two ranges with one ZIP */
  OPENS(zones[0].first, 99);
  REFUSED(zones[0].first, 100); /* the wrong way round */
  REFUSED(zones[1].first, 99);
  OPENS(zones[1].first, 100);
  REFUSED(zones[2].first, 0); /* not ascending */
  REFUSED(zones[2].last, 1000);
  REFUSED(zones[2].first, 909);
  for (size_t i = 0; i < 3; i++) {
    OPENS(zones[i].zone, 1);
    OPENS(zones[i].zone, PSD_ZONE_MOST);
    REFUSED(zones[i].zone, 0);
    REFUSED(zones[i].zone, PSD_ZONE_MOST + 1);
  }
}

static void rate_rows(void) {
  made of;
  REFUSED(rows[0].mail_class, 0);
  REFUSED(rows[7].mail_class, PSD_MAIL_CLASSES);
  OPENS(rows[7].mail_class, PSD_MAIL_CLASSES - 1);
  REFUSED(rows[2].mail_class, PSD_CLASS_OF_PRIORITY + 1); /* the next class is below it */
  OPENS(rows[7].zone, PSD_ZONE_MOST);
  REFUSED(rows[7].zone, PSD_ZONE_MOST + 1);
  REFUSED(rows[3].zone, 0); /* without zones, and then with them */
  REFUSED(rows[1].zone, 1);
  REFUSED(rows[5].zone, 9); /* zones not ascending */
  OPENS(rows[5].zone, 7);
  REFUSED(rows[1].grams, 28); /* one weight twice */
  REFUSED(rows[1].grams, 27);
  OPENS(rows[1].grams, 29);
  REFUSED(rows[4].grams, 454);
  OPENS(rows[5].grams, 1); /* another zone begins anew */
  OPENS(rows[2].grams, 1); /* another class too */
  for (size_t i = 0; i < 8; i++) {
    REFUSED(rows[i].grams, 0);
    REFUSED(rows[i].postage, 0);
    OPENS(rows[i].postage, 1);
    OPENS(rows[i].postage, PSD_POSTAGE_MOST);
  }
}

/* Neither more nor fewer bytes than the counts say. */
static void counts(void) {
  uint8_t bytes[512];
  made of = sample();
  size_t length = encode(&of, bytes, sizeof bytes);
  for (size_t cut = 0; cut < length; cut++)
    CU_ASSERT_FALSE(opens_bytes(bytes, cut));
  bytes[length] = 0;
  CU_ASSERT_FALSE(opens_bytes(bytes, length + 1));
  CU_ASSERT_TRUE(opens_bytes(bytes, length));
  bytes[24]++; /* rows */
  CU_ASSERT_FALSE(opens_bytes(bytes, length));
  bytes[24] -= 2;
  CU_ASSERT_FALSE(opens_bytes(bytes, length));
  bytes[24]++;
  bytes[22]++; /* zones */
  CU_ASSERT_FALSE(opens_bytes(bytes, length));
  memset(bytes + 21, 0xFF, 4); /* both, as many as there can be */
  CU_ASSERT_FALSE(opens_bytes(bytes, length));
  of.head.rows = 0;
  CU_ASSERT_FALSE(opens(&of));
}

/* A table that was checked once is the same again; of another nothing is read that is not there. */
static void opened_again(void) {
  uint8_t bytes[512];
  psd_rates first, second;
  made of = sample();
  size_t length = encode(&of, bytes, sizeof bytes);
  memset(&first, 0, sizeof first);
  memset(&second, 0, sizeof second);
  CU_ASSERT(psd_rates_open(bytes, length, &first) && psd_rates_reopen(bytes, length, &second));
  CU_ASSERT(memcmp(&first.head, &second.head, sizeof first.head) == 0 && first.rows.at == second.rows.at &&
            first.rows.left == second.rows.left && first.zones.at == second.zones.at);
  for (size_t cut = 0; cut < length; cut++)
    CU_ASSERT_FALSE(psd_rates_reopen(bytes, cut, &second));
  bytes[0] = 'X';
  CU_ASSERT_FALSE(psd_rates_reopen(bytes, length, &second));
}

/* Rows of one class, to the last byte that a table may have, and one row more. */
static void largest(void) {
  made of = sample();
  size_t least = PSD_SIZE_RATE_TABLE + PSD_SIZE_SERVICE_RATES + 3 * PSD_SIZE_ZONE_ROW;
  size_t rows = (PSD_RATES_MAX - least) / PSD_SIZE_RATE_ROW;
  CU_ASSERT_FATAL(rows < ROWS_MOST);
  for (size_t i = 0; i < ROWS_MOST; i++)
    of.rows[i] = (psd_rate_row){PSD_CLASS_OF_FLAT, 0, i + 1, i + 1};
  of.head.rows = rows;
  CU_ASSERT_TRUE(opens(&of));
  of.head.rows = rows + 1;
  CU_ASSERT_FALSE(opens(&of));
  CU_ASSERT_FALSE(opens_bytes(NULL, 0));
}

static uint8_t opened_bytes[512];

static psd_rates opened(const made *of) {
  psd_rates rates;
  CU_ASSERT_TRUE_FATAL(psd_rates_open(opened_bytes, encode(of, opened_bytes, sizeof opened_bytes), &rates));
  return rates;
}

static void days_in_force(void) {
  made of = sample();
  of.head.expiry = 20260301;
  psd_rates rates = opened(&of);
  CU_ASSERT_FALSE(psd_rates_in_force(&rates, 20251231));
  CU_ASSERT_TRUE(psd_rates_in_force(&rates, 20260101));
  CU_ASSERT_TRUE(psd_rates_in_force(&rates, 20260228));
  CU_ASSERT_FALSE(psd_rates_in_force(&rates, 20260301));
  CU_ASSERT_FALSE(psd_rates_in_force(&rates, 0));
  CU_ASSERT_FALSE(psd_rates_in_force(&rates, UINT64_MAX));
  CU_ASSERT(rates.services.certificate == 1 && rates.services.payment == UINT64_MAX);
}

static void zones_of_destinations(void) {
  made of = sample();
  psd_rates rates = opened(&of);
  static const struct {
    uint64_t zip, destination, zone;
  } cases[] = {
      {90210, 90001000000, 1}, {90200, 90999999999, 1}, {90299, 91000000000, 2}, {90210, 99999999999, 2},
      {90210, 501000000, 8},   {90210, 9999999999, 8},  {90210, 10000000000, 0}, /* 100: no range has it */
      {90210, 89999999999, 0}, {90210, 0, 0},           {90210, 1, 8},           {90100, 90001000000, 0},
      {90300, 90001000000, 0}, {902, 90001000000, 0},   {0, 90001000000, 0},
  };
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++)
    CU_ASSERT_EQUAL(psd_rates_zone(&rates, cases[i].zip, cases[i].destination), cases[i].zone);
  of.head.zones = 0;
  of.head.origin = PSD_RATES_NO_ORIGIN;
  rates = opened(&of);
  CU_ASSERT_EQUAL(psd_rates_zone(&rates, 90210, 90001000000), 0);
  CU_ASSERT_EQUAL(psd_rates_zone(&rates, 100000, 90001000000), 0); /* no ZIP, whose first digits would be 1000 */
}

typedef struct question {
  uint64_t mail_class, zone, grams, zip, destination;
} question;

static void finds(const psd_rates *rates, question asked, uint64_t number, uint64_t postage) {
  psd_rate_row row, again;
  uint64_t found = 77;
  CU_ASSERT_EQUAL(
      psd_rates_find(rates, asked.mail_class, asked.zone, asked.grams, asked.zip, asked.destination, &row, &found),
      PSD_RATED);
  CU_ASSERT(found == number && row.postage == postage && row.mail_class == asked.mail_class);
  CU_ASSERT(psd_rates_row(rates, number, &again) && memcmp(&row, &again, sizeof row) == 0);
}

static void finds_none(const psd_rates *rates, question asked, psd_rating why) {
  psd_rate_row row;
  uint64_t number;
  CU_ASSERT_EQUAL(
      psd_rates_find(rates, asked.mail_class, asked.zone, asked.grams, asked.zip, asked.destination, &row, &number),
      why);
}

static void weights(void) {
  made of = sample();
  psd_rates rates = opened(&of);
  finds(&rates, (question){PSD_CLASS_OF_FIRST, 0, 1, 0, 0}, 0, 730);
  finds(&rates, (question){PSD_CLASS_OF_FIRST, 0, 28, 0, 0}, 0, 730);
  finds(&rates, (question){PSD_CLASS_OF_FIRST, 0, 29, 0, 0}, 1, 1020);
  finds(&rates, (question){PSD_CLASS_OF_FIRST, 0, 57, 0, 0}, 1, 1020);
  finds_none(&rates, (question){PSD_CLASS_OF_FIRST, 0, 58, 0, 0}, PSD_RATING_WEIGHT);
  finds_none(&rates, (question){PSD_CLASS_OF_FIRST, 0, 0, 0, 0}, PSD_RATING_WEIGHT);
  finds(&rates, (question){PSD_CLASS_OF_MEDIA, 0, 65535, 0, 0}, 7, 1);
  finds_none(&rates, (question){PSD_CLASS_OF_MEDIA, 0, 65536, 0, 0}, PSD_RATING_WEIGHT);
  finds_none(&rates, (question){PSD_CLASS_OF_FLAT, 0, 1, 0, 0}, PSD_RATING_CLASS);
  finds_none(&rates, (question){0, 0, 1, 0, 0}, PSD_RATING_CLASS);
  finds_none(&rates, (question){256 + PSD_CLASS_OF_FIRST, 0, 1, 0, 0}, PSD_RATING_CLASS);
}

#define WITHIN 90210U
#define ELSEWHERE 10001U
#define ZONE_1 UINT64_C(90501000000)
#define ZONE_2 UINT64_C(91501000000)
#define UNCHARTED UINT64_C(50001000000)

static void zones(void) {
  made of = sample();
  psd_rates rates = opened(&of);
  const uint64_t parcel = PSD_CLASS_OF_PRIORITY;
  /* Within the origin the table's zone counts, and may be said or not. */
  finds(&rates, (question){parcel, 0, 454, WITHIN, ZONE_1}, 3, 9350);
  finds(&rates, (question){parcel, 1, 455, WITHIN, ZONE_1}, 4, 9900);
  finds(&rates, (question){parcel, 0, 454, WITHIN, ZONE_2}, 5, 9450);
  finds_none(&rates, (question){parcel, 2, 454, WITHIN, ZONE_1}, PSD_RATING_ZONE);
  finds_none(&rates, (question){parcel, 1, 454, WITHIN, ZONE_2}, PSD_RATING_ZONE);
  finds_none(&rates, (question){parcel, 0, 455, WITHIN, ZONE_2}, PSD_RATING_WEIGHT);
  /* Elsewhere, and where the table has no zone, what the sender says. */
  finds(&rates, (question){parcel, 2, 454, ELSEWHERE, ZONE_1}, 5, 9450);
  finds(&rates, (question){parcel, 8, 454, WITHIN, UNCHARTED}, 6, 12500);
  finds(&rates, (question){parcel, 1, 454, ELSEWHERE, 0}, 3, 9350);
  finds_none(&rates, (question){parcel, 0, 454, ELSEWHERE, ZONE_1}, PSD_RATING_ZONE);
  finds_none(&rates, (question){parcel, 0, 454, WITHIN, UNCHARTED}, PSD_RATING_ZONE);
  finds_none(&rates, (question){parcel, 0, 454, WITHIN, 0}, PSD_RATING_ZONE);
  /* Within it, a destination that is kept back has no zone. */
  finds_none(&rates, (question){parcel, 1, 454, WITHIN, 0}, PSD_RATING_ZONE);
  finds_none(&rates, (question){parcel, 3, 454, WITHIN, 0}, PSD_RATING_ZONE);
  /* A class without zones takes none, wherever the piece goes. */
  finds(&rates, (question){PSD_CLASS_OF_FIRST, 0, 28, WITHIN, ZONE_1}, 0, 730);
  finds_none(&rates, (question){PSD_CLASS_OF_FIRST, 1, 28, WITHIN, ZONE_1}, PSD_RATING_ZONE);
  finds_none(&rates, (question){PSD_CLASS_OF_FIRST, 1, 28, ELSEWHERE, 0}, PSD_RATING_ZONE);
}

static void rows_by_number(void) {
  made of = sample();
  psd_rates rates = opened(&of);
  psd_rate_row row;
  for (uint64_t i = 0; i < of.head.rows; i++)
    CU_ASSERT(psd_rates_row(&rates, i, &row) && memcmp(&row, &of.rows[i], sizeof row) == 0);
  CU_ASSERT_FALSE(psd_rates_row(&rates, of.head.rows, &row));
  CU_ASSERT_FALSE(psd_rates_row(&rates, PSD_ROW_UNRATED, &row));
  CU_ASSERT_FALSE(psd_rates_row(&rates, UINT64_MAX, &row));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"head", heads},
      {"dates", dates},
      {"an origin where there are zones, and only there", origins},
      {"zones ascend and lie apart", zone_rows},
      {"rates ascend by class, zone and weight", rate_rows},
      {"as many bytes as the counts say", counts},
      {"as many bytes as there may be", largest},
      {"once more", opened_again},
      {"days in force", days_in_force},
      {"the zone of a destination", zones_of_destinations},
      {"rates by weight", weights},
      {"rates by zone", zones},
      {"rates by number", rows_by_number},
  };
  return psd_check_run("rate tables", tests, PSD_CHECK_COUNT(tests));
}
