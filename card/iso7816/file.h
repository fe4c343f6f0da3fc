/* Files (ISO/IEC 7816-4:2005, 5.3): what EF.DIR, EF.ATR and the PSD's files hold, worked out when they are read. */
#ifndef PSD_ISO7816_FILE_H
#define PSD_ISO7816_FILE_H

#include "context.h"

/* Appends the content of a transparent file. An object that is not loaded is left out. */
uint16_t psd_file_content(psd_card *card, const psd_request *request, const psd_file *file, psd_buffer *out);
/* The file with this identifier in a directory (the directory itself, its parent and siblings are not searched); NULL.
 */
const psd_file *psd_file_child(psd_file_id directory, uint16_t identifier);
/* The elementary file with this short identifier in a directory; NULL. */
const psd_file *psd_file_short(psd_file_id directory, uint8_t sfi);
/* Records in a cyclic file now. */
uint8_t psd_file_records(const psd_card *card, const psd_file *file);

#endif
