/* Portable Network Graphics (ISO/IEC 15948). */
#include "print/png.h"

#include "psd/spec/cursor.h"

/* Signature, and IHDR with length, type and CRC: pHYs must come before the picture's data, IHDR before all (5.6). */
#define HEAD_SIZE 33U
#define CRC_POLYNOMIAL UINT32_C(0xEDB88320)

/* 5.5: the CRC of ISO 3309, over type and data. */
static uint32_t crc_of(const uint8_t *data, size_t length) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < length; i++) {
    crc ^= data[i];
    for (unsigned bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ ((crc & 1) != 0 ? CRC_POLYNOMIAL : 0);
  }
  return ~crc;
}

/* 11.3.5.3: dots a meter each way, unit 1 (meter). */
static bool write_dots(psd_png_stream *png) {
  uint8_t chunk[21];
  psd_buffer out = psd_buffer_over(chunk, sizeof chunk);
  uint32_t dots = (uint32_t)((png->dpi * 10000ULL + 127) / 254);
  psd_put_uint(&out, 9, 4);
  psd_put(&out, "pHYs", 4);
  psd_put_uint(&out, dots, 4);
  psd_put_uint(&out, dots, 4);
  psd_put_u8(&out, 1);
  psd_put_uint(&out, crc_of(chunk + 4, 13), 4);
  return psd_whole_file_write(png->file, chunk, out.length);
}

bool psd_png_write(psd_png_stream *png, const uint8_t *data, size_t length) {
  size_t head = png->passed < HEAD_SIZE ? HEAD_SIZE - png->passed : 0;
  if (head == 0 || length < head) {
    png->passed += head == 0 ? 0 : length;
    return psd_whole_file_write(png->file, data, length);
  }
  png->passed = HEAD_SIZE;
  return psd_whole_file_write(png->file, data, head) && write_dots(png) &&
         psd_whole_file_write(png->file, data + head, length - head);
}
