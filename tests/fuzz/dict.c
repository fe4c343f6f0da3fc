/* Writes the dictionary of the fuzz targets: the words of the card's language, from its tables. */
#include <stdio.h>
#include <string.h>

#include "psd/spec/commands.h"

static void word(const char *kind, const char *name, const uint8_t *bytes, size_t length) {
  (void)printf("%s_%s=\"", kind, name);
  for (size_t i = 0; i < length; i++)
    (void)printf("\\x%02X", bytes[i]);
  (void)printf("\"\n");
}

/* A whole step of psd-fuzz-apdu: a command behind its length. */
static void step(const char *name, const uint8_t *command, size_t length) {
  uint8_t bytes[64] = {(uint8_t)length};
  memcpy(bytes + 1, command, length);
  word("step", name, bytes, length + 1);
}

static void commands(void) {
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    const psd_command *row = &psd_commands[i];
    const uint8_t header[] = {row->class == PSD_CLASS_GP ? 0x80 : 0x00, row->ins, row->p1.value, row->p2.value};
    char name[16];
    (void)snprintf(name, sizeof name, "%02X%02X", header[0], header[1]);
    word("command", name, header, sizeof header);
    step(name, header, sizeof header);
  }
}

static void objects(void) {
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    const psd_object *row = &psd_objects[i];
    const uint8_t tlv[] = {(uint8_t)(row->tag >> 8), (uint8_t)row->tag, (uint8_t)(row->least & 0x7F)};
    size_t skipped = row->tag > 0xFF ? 0 : 1;
    word("object", row->name, tlv + skipped, sizeof tlv - skipped);
  }
}

static void files(void) {
  for (size_t i = 0; i < PSD_FILE_COUNT; i++) {
    const uint8_t identifier[] = {(uint8_t)(psd_files[i].identifier >> 8), (uint8_t)psd_files[i].identifier};
    word("file", psd_files[i].name, identifier, sizeof identifier);
  }
}

static void values(void) {
  static const uint8_t select[] = {0x00, 0xA4, 0x04, 0x00, 0x05, 0xF0, 0x50, 0x53, 0x44, 0x01, 0x00};
  static const uint8_t verify[] = {0x00, 0x20, 0x00, 0x81, 0x06, '1', '2', '3', '4', '5', '6'};
  static const uint8_t wrong[] = {0x00, 0x20, 0x00, 0x81, 0x06, '0', '0', '0', '0', '0', '0'};
  static const uint8_t unblock[] = {0x00, 0x2C, 0x01, 0x81, 0x08, '8', '7', '6', '5', '4', '3', '2', '1'};
  static const uint8_t everything[] = {0x00, 0xCB, 0x3F, 0xFF, 0x02, 0x5C, 0x00, 0x00};
  step("select", select, sizeof select);
  step("verify", verify, sizeof verify);
  step("verify_wrong", wrong, sizeof wrong);
  step("unblock", unblock, sizeof unblock);
  step("everything", everything, sizeof everything);
  word("value", "PIN", verify + 5, 6);
  word("value", "PUK", unblock + 5, 8);
}

int main(void) {
  commands();
  objects();
  files();
  values();
  return 0;
}
