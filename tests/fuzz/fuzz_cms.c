/* Signed data on arbitrary bytes, as the card reads it: SignedData, TSTInfo, revocation commands, certificates with a
 * line of credit. What is taken apart lies inside the input; what the card could have written is written again the
 * same.
 *
 * Input: the bytes. */
#include <string.h>

#include "certificate/cms.h"
#include "certificate/credit.h"
#include "certificate/revocation.h"
#include "certificate/tst.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  return psd_crypto_init() ? 0 : 1;
}

static void check_inside(psd_cursor part, const uint8_t *data, size_t size) {
  FUZZ_ASSERT(part.left == 0 || (part.at >= data && part.at + part.left <= data + size));
}

/* There is one way to write it. */
static void read_info(psd_cursor content) {
  uint8_t again[PSD_TST_MAX];
  psd_buffer out = psd_buffer_over(again, sizeof again);
  psd_tst info;
  if (!psd_tst_parse(content, &info))
    return;
  psd_tst_put(&out, &info);
  FUZZ_ASSERT(!out.overflow && out.length == content.left && memcmp(again, content.at, content.left) == 0);
}

/* The head of a command is that of a request, which is written from it. */
static void read_command(psd_cursor content) {
  uint8_t again[PSD_REVOCATION_MAX];
  psd_buffer out = psd_buffer_over(again, sizeof again);
  psd_revocation_command command;
  if (!psd_revocation_parse_command(content, &command))
    return;
  FUZZ_ASSERT(psd_revocation_reason(command.head.reason));
  FUZZ_ASSERT(command.request.left == 0 || command.request.left == PSD_SHA256_SIZE);
  psd_revocation_put_request(&out, &command.head);
  size_t behind = 3 + (command.request.left > 0 ? 2 + PSD_SHA256_SIZE : 0);
  FUZZ_ASSERT(!out.overflow && out.length + behind <= content.left);
  FUZZ_ASSERT(memcmp(again + 2, content.at + content.left - behind - (out.length - 2), out.length - 2) == 0);
}

static void read_signed(const psd_cms_parts *parts, const uint8_t *data, size_t size) {
  uint8_t digest[PSD_SHA256_SIZE], content[PSD_SHA256_SIZE] = {0};
  const psd_cursor all[] = {parts->content,    parts->certificate, parts->issuer,          parts->serial,
                            parts->attributes, parts->signature,   parts->certificate_hash};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    check_inside(all[i], data, size);
  FUZZ_ASSERT(parts->issuer.left > 0 && parts->serial.left > 0);
  FUZZ_ASSERT(parts->certificate_hash.left == 0 || parts->certificate_hash.left == PSD_SHA256_SIZE);
  FUZZ_ASSERT(!psd_cms_signed_digest(parts, parts->attached ? content : NULL, digest));
  (void)psd_cms_signed_digest(parts, parts->attached ? NULL : content, digest);
  if (parts->type == PSD_OID_TST_INFO)
    read_info(parts->content);
  if (parts->type == PSD_OID_REVOCATION_COMMAND)
    read_command(parts->content);
}

/* Cut off anywhere it is none. */
static void check_whole(psd_cursor der) {
  psd_cms_parts parts;
  der.left--;
  FUZZ_ASSERT(!psd_cms_parse(der, &parts));
}

static void read_credit(psd_cursor der, const uint8_t *data, size_t size) {
  psd_credit credit;
  if (!psd_credit_parse(der, &credit))
    return;
  check_inside(credit.line.device, data, size);
  check_inside(credit.line.use, data, size);
  FUZZ_ASSERT(credit.line.device.left == PSD_SIZE_DEVICE_ID && credit.line.use.left <= PSD_NAME_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_cursor input = psd_cursor_over(data, size);
  size_t length = 0;
  uint8_t *bytes = fuzz_take(&input, size, &length);
  psd_cursor der = psd_cursor_over(bytes, length);
  psd_cms_parts parts;
  if (psd_cms_parse(der, &parts)) {
    read_signed(&parts, bytes, length);
    check_whole(der);
  }
  read_info(der);
  read_command(der);
  read_credit(der, bytes, length);
  free(bytes);
  return 0;
}
