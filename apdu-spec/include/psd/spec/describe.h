/* Bytes into words, for traces and for people. Secrets are never among the words: data of commands that the table marks
 * HIDE, answers of those it marks KEYS, objects in SECRET format and fields of kind SECRET show their length alone. */
#ifndef PSD_SPEC_DESCRIBE_H
#define PSD_SPEC_DESCRIBE_H

#include "psd/spec/apdu.h"
#include "psd/spec/text.h"

/* One field of a layout, `field->size` bytes; of a secret only its length. */
void psd_say_field(psd_text *text, const psd_field *field, const uint8_t *bytes);
/* One value of a format of objects.def: "ascending register 1.00, descending register 9.00, ...". */
void psd_describe_value(psd_text *text, psd_format format, const void *value, size_t length);
/* A list of data objects, one after the other; known tags by name. */
void psd_describe_list(psd_text *text, psd_cursor list);
/* True if the command's data may be secret, so that nobody may show them. */
bool psd_describe_hides(const psd_apdu *apdu);
/* True if the data that answer this command are secret. */
bool psd_describe_hides_answer(const psd_apdu *apdu);
/* "VERIFY P1 00 P2 81, 6 secret bytes". `length` bytes of any content. */
void psd_describe_command(psd_text *text, const uint8_t *command, size_t length);
/* The answer to that command: "9000 done: ascending register 1.00, ...". */
void psd_describe_response(psd_text *text, const uint8_t *command, size_t command_length, const uint8_t *response,
                           size_t response_length);
/* "9000 done", "63C2 verification failed; ... (2 left)". */
void psd_describe_status(psd_text *text, uint16_t status);
/* An answer to reset, piece by piece (ISO/IEC 7816-3:2006, 8; historical bytes 7816-4:2005, 8.1.1), a line each. */
void psd_describe_atr(psd_text *text, const uint8_t *bytes, size_t length);
/* Appends the data of a command of the certificate meter, its head field by field. False, with nothing appended, for
 * other commands, secured and chained ones, and data that are too short. */
bool psd_describe_service(psd_text *text, const psd_command *row, const psd_apdu *apdu);

#endif
