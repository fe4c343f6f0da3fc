#include "print/symbol.h"

#include <string.h>
#include <zint.h>

/* Modules of 1/60 inch are whole dots at 300, 600 and 1200 dpi, and so are those of 1/100 inch. PDF417 has 205 of them
 * in a row: larger ones would make it wider than the corner of an envelope. */
#define DATA_MATRIX_MODULE (25.4 / 60)
#define PDF417_MODULE (25.4 / 100)
#define PDF417_COLUMNS 8
#define PDF417_LEVEL 5

static void wish(struct zint_symbol *zint, psd_symbology symbology, psd_symbol *symbol) {
  zint->input_mode = DATA_MODE;
  if (symbology == PSD_SYMBOL_PDF417) {
    zint->symbology = BARCODE_PDF417;
    zint->option_1 = PDF417_LEVEL;
    zint->option_2 = PDF417_COLUMNS;
    /* The least that the standard allows (ISO/IEC 15438, 5.8.2), and its quiet zone. */
    symbol->row_height = 3;
    symbol->quiet = 2;
    symbol->module = PDF417_MODULE;
  } else {
    zint->symbology = BARCODE_DATAMATRIX;
    zint->option_3 = DM_SQUARE;
    symbol->row_height = 1;
    /* The standard asks for 1 (ISO/IEC 16022, 7.2); a smeared print is glad of more. */
    symbol->quiet = 2;
    symbol->module = DATA_MATRIX_MODULE;
  }
}

static bool take(const struct zint_symbol *zint, psd_symbol *symbol) {
  if (zint->rows <= 0 || zint->width <= 0 || (size_t)zint->rows * (size_t)zint->width > PSD_SYMBOL_MODULES)
    return false;
  symbol->rows = (unsigned)zint->rows;
  symbol->columns = (unsigned)zint->width;
  for (size_t row = 0; row < symbol->rows; row++)
    for (size_t column = 0; column < symbol->columns; column++)
      symbol->dark[row * symbol->columns + column] = (zint->encoded_data[row][column / 8] >> column % 8 & 1) != 0;
  return true;
}

psd_result psd_symbol_make(psd_symbology symbology, const uint8_t *bytes, size_t length, psd_symbol *symbol,
                           psd_error *error) {
  struct zint_symbol *zint = ZBarcode_Create();
  if (zint == NULL)
    return psd_error_set(error, PSD_SYSTEM, "out of memory");
  memset(symbol, 0, sizeof *symbol);
  wish(zint, symbology, symbol);
  psd_result result = PSD_OK;
  /* A warning would be an option that was overridden: another symbol than the one meant. */
  if (ZBarcode_Encode(zint, bytes, (int)length) != 0)
    result = psd_error_set(error, PSD_SYSTEM, "libzint cannot make the symbol: %s", zint->errtxt);
  else if (!take(zint, symbol))
    result = psd_error_set(error, PSD_SYSTEM, "libzint has made a symbol of %d x %d modules, which is too large",
                           zint->width, zint->rows);
  ZBarcode_Delete(zint);
  return result;
}
