/* How a PSD is named, and whose it is. */
#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "psd/spec/chars.h"
#include "psd/spec/lifecycle.h"
#include "psd/spec/text.h"

#define SERIAL_DIGITS 8U

const char *psd_admin_device_words(const uint8_t device[8], char words[PSD_ADMIN_DEVICE_WORDS]) {
  psd_text text = psd_text_over(words, PSD_ADMIN_DEVICE_WORDS);
  psd_say_text(&text, device, 2);
  psd_say(&text, " ");
  psd_say_text(&text, device + 2, 2);
  psd_say(&text, " %02X%02X%02X%02X", device[4], device[5], device[6], device[7]);
  return words;
}

bool psd_admin_device_parse(const char *words, uint8_t device[8]) {
  if (strlen(words) != 14 || words[2] != ' ' || words[5] != ' ' || !psd_printable(words, 6))
    return false;
  memcpy(device, words, 2);
  memcpy(device + 2, words + 3, 2);
  return psd_hex_bytes(words + 6, SERIAL_DIGITS, device + 4, 4) == 4;
}

/* The arguments as one text, and whether that is a whole name or a serial number alone. */
static int take_name(const psd_admin *admin, int count, psd_admin_device *named, bool *serial_alone) {
  psd_text text = psd_text_over(named->words, sizeof named->words);
  for (int i = 0; i < count; i++)
    psd_say(&text, "%s%s", i == 0 ? "" : " ", admin->argv[i]);
  *serial_alone =
      strlen(named->words) == SERIAL_DIGITS && psd_hex_bytes(named->words, SERIAL_DIGITS, named->device + 4, 4) == 4;
  if (*serial_alone || psd_admin_device_parse(named->words, named->device))
    return PSD_EXIT_DONE;
  return psd_admin_usage(admin, "a PSD is named by vendor, model and serial number, as PS D1 0000002A, or by the "
                                "serial number alone");
}

static int find_serial(const psd_admin *admin, psd_admin_device *named) {
  psd_db_result result = psd_db_device_of_serial(admin->db, named->device + 4, named->device);
  if (result == PSD_DB_EXISTS)
    return psd_admin_refuse("several PSDs have the serial number %s: name vendor and model as well, see psd-server "
                            "meter list",
                            named->words);
  if (result != PSD_DB_DONE)
    return psd_admin_failed(admin, result, "PSD", named->words);
  (void)psd_admin_device_words(named->device, named->words);
  return PSD_EXIT_DONE;
}

int psd_admin_open_device(psd_admin *admin, int count, psd_admin_device *named) {
  bool serial_alone = false;
  int status = take_name(admin, count, named, &serial_alone);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_open(admin, false);
  return status == PSD_EXIT_DONE && serial_alone ? find_serial(admin, named) : status;
}

int psd_admin_open_meter(psd_admin *admin, int count, psd_admin_device *named, psd_meter_row *row) {
  int status = psd_admin_open_device(admin, count, named);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_meter_find(admin->db, named->device, row);
  return result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, "PSD", named->words);
}

psd_db_result psd_admin_owner_of(psd_admin *admin, const psd_device_row *row, psd_admin_owner *owner) {
  *owner = (psd_admin_owner){.name = ""};
  return row->user == 0 ? PSD_DB_DONE : psd_db_user_name(admin->db, row->user, owner->name, owner->account);
}

bool psd_admin_audit_of(const psd_meter_row *row, psd_audit *audit) {
  return row->device.inspected != 0 &&
         psd_parse_message(row->device.audit, sizeof row->device.audit, PSD_MESSAGE_AUDIT, audit);
}

const char *psd_admin_lock_words(const psd_meter_row *row) {
  if (row->device.revoked)
    return "revoked";
  if (row->withdrawn)
    return "withdrawn";
  return row->lock == PSD_METER_ALARMED ? "alarm" : row->lock == PSD_METER_LOCKED ? "locked" : "free";
}
