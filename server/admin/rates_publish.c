/* psd-server rates publish: from a file to a table that the key management system has signed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/ask.h"
#include "admin/rates.h"
#include "admin/rates_file.h"
#include "crypto/evp.h"
#include "datacenter/rates.h"

typedef struct publication {
  uint8_t bytes[PSD_RATES_SIGNED_MAX]; /* the table, then its signature */
  size_t length;                       /* of the table */
  psd_rates_view view;                 /* over it */
  uint64_t now;
} publication;

static psd_part label(void) {
  return (psd_part){PSD_RATES_LABEL, sizeof PSD_RATES_LABEL - 1};
}

static int sign(const psd_admin *admin, publication *at) {
  const psd_admin_question question = {.request = PSD_FRAME_KMS_RATES,
                                       .answer = PSD_FRAME_KMS_RATES_SIGNED,
                                       .body = at->bytes,
                                       .length = at->length,
                                       .words = "to sign the rates",
                                       .advice = "it may have signed another table of this version: write a line "
                                                 "\"version\" with a higher one into the file"};
  return psd_admin_ask_kms(admin->kms, &question, at->bytes + at->length, PSD_RATES_SIGNATURE);
}

static int read_key(const char *path, uint8_t point[PSD_POINT]) {
  char pem[PSD_PEM_MAX];
  FILE *in = fopen(path, "r");
  if (in == NULL)
    return psd_admin_refuse("%s cannot be opened: %s", path, strerror(errno));
  size_t length = fread(pem, 1, sizeof pem, in);
  (void)fclose(in);
  if (!psd_point_of_pem(pem, length, point))
    return psd_admin_refuse("%s is no public key of kind rate: make it with psd-kms export", path);
  return PSD_EXIT_DONE;
}

/* Meters would refuse what is signed with another key than the one they know. */
static int verify(const uint8_t point[PSD_POINT], const publication *at) {
  const psd_part parts[] = {label(), {at->bytes, at->length}};
  if (psd_point_verify(point, parts, 2, at->bytes + at->length))
    return PSD_EXIT_DONE;
  return psd_admin_refuse("the signature is not of the key in --rate-key: nothing was published; see whether --kms is "
                          "the right one");
}

/* What no meter would take, or what would never come into force. */
static int check_new(const publication *at, uint32_t newest) {
  const psd_rate_table *head = &at->view.rates.head;
  if (head->version <= newest)
    return psd_admin_refuse("version %" PRIu64 " is not above %" PRIu32 ", the last that was published: leave the line "
                            "\"version\" out",
                            head->version, newest);
  if (head->expiry <= psd_dc_today(at->now))
    return psd_admin_refuse("the rates have expired: no meter would take them");
  return PSD_EXIT_DONE;
}

/* Meters take rates of one country, and so nobody means to change it but by mistake. */
static psd_db_result warn_of_country(const psd_admin *admin, const publication *at, uint32_t newest) {
  psd_published_rates last;
  psd_db_result result = psd_db_rates_find(admin->db, newest, &last);
  if (result == PSD_DB_DONE && memcmp(last.country, at->view.rates.head.country, 2) != 0)
    (void)psd_admin_refuse("warning: version %" PRIu32
                           " was for %s, this one is for %.2s: a meter refuses what is not of "
                           "its country",
                           newest, last.country, (const char *)at->view.rates.head.country);
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

static psd_db_result keep(psd_admin *admin, void *context) {
  const publication *at = context;
  return psd_dc_publish_rates(admin->db, at->bytes, at->length + PSD_RATES_SIGNATURE, at->now);
}

static int kept(const psd_admin *admin, psd_db_result result, publication *at) {
  at->view.published = at->now;
  if (result == PSD_DB_EXISTS || result == PSD_DB_REFUSED)
    return psd_admin_refuse("others were published meanwhile: nothing was published, begin again");
  if (result != PSD_DB_DONE) {
    int status = psd_admin_failed(admin, result, "rate table", "");
    (void)psd_admin_refuse("nothing was published");
    return status;
  }
  if (admin->json) {
    psd_json json = psd_json_on(stdout);
    psd_admin_json_rates(&json, &at->view);
    return PSD_EXIT_DONE;
  }
  puts("published: meters get them in their next sessions");
  return PSD_EXIT_DONE;
}

static int publish(psd_admin *admin, publication *at) {
  uint8_t point[PSD_POINT];
  int status = admin->rate_key != NULL ? read_key(admin->rate_key, point) : PSD_EXIT_DONE;
  if (status != PSD_EXIT_DONE)
    return status;
  if (!admin->json)
    psd_admin_show_rates(&at->view);
  status = sign(admin, at);
  if (status == PSD_EXIT_DONE && admin->rate_key != NULL)
    status = verify(point, at);
  return status == PSD_EXIT_DONE ? kept(admin, psd_admin_change(admin, keep, at), at) : status;
}

int psd_admin_rates_publish(psd_admin *admin) {
  publication at = {.now = (uint64_t)time(NULL)};
  uint32_t newest = 0;
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_rates_newest(admin->db, &newest);
  if (result != PSD_DB_DONE)
    return psd_admin_failed(admin, result, "rate table", "");
  if (newest == UINT32_MAX)
    return psd_admin_refuse("no version is left");
  status = psd_admin_rates_read(admin->argv[0], newest + 1, at.bytes, &at.length);
  if (status != PSD_EXIT_DONE)
    return status;
  (void)psd_rates_view_open(at.bytes, at.length, 0, &at.view);
  status = check_new(&at, newest);
  result = status == PSD_EXIT_DONE ? warn_of_country(admin, &at, newest) : PSD_DB_DONE;
  if (result != PSD_DB_DONE)
    return psd_admin_failed(admin, result, "rate table", "");
  return status == PSD_EXIT_DONE ? publish(admin, &at) : status;
}
