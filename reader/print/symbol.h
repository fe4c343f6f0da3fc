/* Two-dimensional symbols as matrices of modules: the one place where libzint is used. */
#ifndef PSD_PRINT_SYMBOL_H
#define PSD_PRINT_SYMBOL_H

#include "psd/reader/print.h"

/* More than any profile needs: PDF417 of 113 bytes has 205 x 21 modules. */
#define PSD_SYMBOL_MODULES 8192U

typedef struct psd_symbol {
  unsigned columns, rows;
  unsigned row_height; /* of a row, in modules: 1 for Data Matrix, 3 for PDF417 */
  unsigned quiet;      /* modules around it that stay white */
  double module;       /* the side of a module as it is meant, mm */
  bool dark[PSD_SYMBOL_MODULES];
} psd_symbol;

/* The symbol of `length` (at least 1) bytes of any value. PSD_SYSTEM if libzint cannot. */
psd_result psd_symbol_make(psd_symbology symbology, const uint8_t *bytes, size_t length, psd_symbol *symbol,
                           psd_error *error);

#endif
