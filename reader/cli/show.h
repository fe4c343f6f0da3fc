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

/* Writes an amount as two members: "50.00" in dollars, and the number of mills under the name with _mills behind it. */
void psd_show_amount(psd_json *json, const char *name, uint64_t mills);
/* The same with a time: text, and _seconds since 1970. */
void psd_show_time(psd_json *json, const char *name, uint64_t seconds);
/* When the next inspection is due, and when the watchdog locks the meter: seconds since 1970. */
uint64_t psd_show_due(const psd_watchdog *watchdog);
uint64_t psd_show_lock(const psd_watchdog *watchdog);

#endif
