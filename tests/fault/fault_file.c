/* A card in a state file that is not as the card left it. It is refused in one line and left alone, or the card powers
 * up as what it was, or FAULTED. */
#include "card_picture.h"
#include "check.h"
#include "port/nvm_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_USED 64U /* bytes of the header that say something; erase counts follow */
#define SIZE (PSD_NVM_FILE_HEADER + PSD_NVM_FILE_BLOCK * PSD_NVM_FILE_BLOCKS)
#define PIECE 2048U /* steps in which the file is cut short */

static char directory[] = "/tmp/psd-fault-XXXXXX";
static char path[sizeof directory + 16];
static rig r; /* its memory is the file */
static psd_nvm_file file;
static picture sound;
static uint8_t *image;

static void put_card(const psd_nvm *nvm) {
  psd_ports ports = rig_ports(&r);
  ports.nvm = *nvm;
  psd_card_init(r.card, &ports);
}

static void read_image(uint8_t *into) {
  int descriptor = open(path, O_RDONLY);
  CU_ASSERT_FATAL(descriptor >= 0 && read(descriptor, into, SIZE) == (ssize_t)SIZE);
  close(descriptor);
}

static void write_image(const uint8_t *from, size_t length) {
  int descriptor = open(path, O_WRONLY | O_TRUNC);
  CU_ASSERT_FATAL(descriptor >= 0 && write(descriptor, from, length) == (ssize_t)length);
  close(descriptor);
}

/* A card in service, in a file, and that file's bytes. */
static void make_card(void) {
  char message[PSD_NVM_FILE_MESSAGE];
  psd_card_birth birth = rig_birth();
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
  (void)snprintf(path, sizeof path, "%s/card.state", directory);
  rig_create_erased(&r);
  CU_ASSERT_TRUE_FATAL(psd_nvm_file_create(&file, path, false, message));
  psd_nvm nvm = psd_nvm_file_port(&file);
  put_card(&nvm);
  CU_ASSERT_TRUE_FATAL(psd_card_manufacture(r.card, &birth) && psd_nvm_file_publish(&file, message));
  psd_card_power_on(r.card);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  picture_take(&r, &sound);
  psd_card_power_off(r.card);
  psd_nvm_file_close(&file);
  image = malloc(SIZE);
  CU_ASSERT_PTR_NOT_NULL_FATAL(image);
  read_image(image);
}

static void forget_card(void) {
  free(image);
  rig_destroy(&r);
  CU_ASSERT_EQUAL(unlink(path), 0);
  CU_ASSERT_EQUAL(rmdir(directory), 0);
  (void)snprintf(directory, sizeof directory, "/tmp/psd-fault-XXXXXX");
}

typedef enum outcome { REFUSED, FAULTED, SOUND, WRONG } outcome;

/* Opens the file and powers the card up. */
static outcome try_file(void) {
  char message[PSD_NVM_FILE_MESSAGE] = "";
  picture found;
  if (!psd_nvm_file_open(&file, path, false, message))
    return strlen(message) > 0 && strchr(message, '\n') == NULL ? REFUSED : WRONG;
  psd_nvm nvm = psd_nvm_file_port(&file);
  put_card(&nvm);
  psd_card_power_on(r.card);
  outcome result = FAULTED;
  if (r.card->fault == PSD_FAULT_NONE) {
    picture_take(&r, &found);
    result = picture_same(&sound, &found) ? SOUND : WRONG;
  } else if (rig_select(&r) != PSD_SW_OK || rig_hex(&r, "00CADF2200") != PSD_SW_OK ||
             rig_verify(&r, RIG_PIN) != PSD_SW_CONDITIONS) {
    result = WRONG;
  }
  psd_card_power_off(r.card);
  psd_nvm_file_close(&file);
  return result;
}

/* Looking at a file changes nothing in it. */
static bool file_is(const uint8_t *bytes, size_t length) {
  struct stat status;
  static uint8_t now[SIZE];
  if (stat(path, &status) != 0 || (size_t)status.st_size != length)
    return false;
  int descriptor = open(path, O_RDONLY);
  bool same = descriptor >= 0 && read(descriptor, now, length) == (ssize_t)length && memcmp(now, bytes, length) == 0;
  close(descriptor);
  return same;
}

static void every_bit_of_the_header(void) {
  unsigned count[4] = {0};
  make_card();
  for (size_t i = 0; i < (size_t)HEADER_USED * 8; i++) {
    image[i / 8] ^= (uint8_t)(1U << i % 8);
    write_image(image, SIZE);
    outcome result = try_file();
    CU_ASSERT(result != WRONG && file_is(image, SIZE));
    count[result]++;
    image[i / 8] ^= (uint8_t)(1U << i % 8);
  }
  printf("(%u refused, %u FAULTED, %u sound) ", count[REFUSED], count[FAULTED], count[SOUND]);
  CU_ASSERT(count[REFUSED] > 0 && count[SOUND] > 0); /* zeros that fill the header say nothing */
  write_image(image, SIZE);
  CU_ASSERT_EQUAL(try_file(), SOUND);
  forget_card();
}

static void cut_short_anywhere(void) {
  make_card();
  for (size_t length = 0; length < SIZE; length += PIECE) {
    write_image(image, length);
    CU_ASSERT_EQUAL(try_file(), REFUSED);
    CU_ASSERT(file_is(image, length));
  }
  write_image(image, SIZE);
  CU_ASSERT_EQUAL(try_file(), SOUND);
  forget_card();
}

/* As a file system may leave it after a crash: the right length, and a piece of zeros. */
static void a_piece_of_zeros_anywhere(void) {
  unsigned count[4] = {0};
  make_card();
  for (size_t at = 0; at < SIZE; at += PIECE) {
    uint8_t *broken = malloc(SIZE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(broken);
    memcpy(broken, image, SIZE);
    memset(broken + at, 0, PIECE);
    write_image(broken, SIZE);
    outcome result = try_file();
    CU_ASSERT(result != WRONG && file_is(broken, SIZE));
    count[result]++;
    free(broken);
  }
  printf("(%u refused, %u FAULTED, %u sound) ", count[REFUSED], count[FAULTED], count[SOUND]);
  CU_ASSERT(count[REFUSED] > 0 && count[FAULTED] > 0);
  forget_card();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every bit of the header", every_bit_of_the_header},
      {"cut short anywhere", cut_short_anywhere},
      {"a piece of zeros anywhere", a_piece_of_zeros_anywhere},
  };
  return psd_check_run("damaged state files", tests, PSD_CHECK_COUNT(tests));
}
