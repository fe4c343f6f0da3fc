/* Values of the card's objects, for people and for machines. */
#ifndef PSD_CLI_SHOW_H
#define PSD_CLI_SHOW_H

#include "psd/program/json.h"
#include "psd/spec/objects.h"

/* Prints the fields of one object, a line each, under a heading. */
void psd_show_people(const psd_object *object, psd_cursor value);
/* Writes the object as a member named after it, in small letters. */
void psd_show_machine(psd_json *json, const psd_object *object, psd_cursor value);
/* Writes the fields of one layout as members. */
void psd_show_fields(psd_json *json, const psd_message *message, psd_cursor value);

#endif
