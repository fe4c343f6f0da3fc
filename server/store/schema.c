/* The schema history: scripts that each make the next schema of the one before. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "psd/spec/certificate.h"
#include "psd/spec/rates.h"
#include "store/database.h"
#include "store/money.h"

#include "schema_history.inc"
#define NEWEST ((unsigned)(sizeof scripts / sizeof scripts[0]))

_Static_assert(PSD_SIZE_AUDIT == 261 && PSD_SIZE_WRAPPED_K4 == 132 && PSD_SIZE_FUNDS_REQUEST == 76 &&
                   PSD_SIZE_FUNDS_RECEIPT == 59 && PSD_ORDER_CONTENT_MAX == 1908 &&
                   PSD_RATES_MAX + PSD_RATES_SIGNATURE == 2024 && PSD_CERTIFICATE_MAX == 1900 &&
                   PSD_SEALED_REQUEST_MAX == 852 && PSD_GRANT_MAX == 1333 && PSD_USER_CERTIFICATE_MAX == 1280 &&
                   PSD_SIZE_CERTIFICATE_REQUEST == 36 && PSD_SIZE_CERTIFICATE_GRANT == 21 && PSD_USER_SLOTS == 8,
               "a layout has changed: write a script that migrates");
_Static_assert(PSD_NAME_MAX == 64, "names are longer or shorter: write a script that migrates");
_Static_assert(PSD_PAYEE_MAX == 64, "payees' names are longer or shorter: write a script that migrates");

unsigned psd_db_schema_newest(void) {
  return NEWEST;
}

typedef struct token {
  const char *name;
  const char *word;
} token;

/* The engine's word for the {token} at `at`; NULL if it is none. */
static const char *word_of(const psd_engine *engine, const char *at, size_t *length) {
  const token tokens[] = {{"{integer}", engine->integer},
                          {"{bytes}", engine->bytes},
                          {"{identity}", engine->identity},
                          {"{rowed}", engine->rowed},
                          {"{keyed}", engine->keyed}};
  for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
    *length = strlen(tokens[i].name);
    if (strncmp(at, tokens[i].name, *length) == 0)
      return tokens[i].word;
  }
  return NULL;
}

/* What follows a "{only ENGINE}" or "{end}" that stands at `at`; NULL if none does. `mine` gets whether the lines after
 * it are for this engine. */
static const char *section_at(const psd_engine *engine, const char *at, bool *mine) {
  static const char only[] = "{only ", end[] = "{end}";
  if (strncmp(at, end, sizeof end - 1) == 0) {
    *mine = true;
    return at + sizeof end - 1;
  }
  if (strncmp(at, only, sizeof only - 1) != 0)
    return NULL;
  at += sizeof only - 1;
  size_t length = strcspn(at, "}");
  *mine = strlen(engine->name) == length && strncmp(at, engine->name, length) == 0;
  return at + length + 1;
}

/* The script in the engine's words; free it. No word is longer than four times its token. */
static char *translate(const psd_engine *engine, const char *script) {
  size_t room = strlen(script) * 8 + 1;
  char *text = malloc(room);
  if (text == NULL)
    return NULL;
  psd_buffer out = psd_buffer_over(text, room);
  bool mine = true;
  while (*script != '\0') {
    size_t length = 1;
    const char *section = section_at(engine, script, &mine);
    if (section != NULL || !mine) {
      script = section != NULL ? section : script + 1;
      continue;
    }
    const char *word = *script == '{' ? word_of(engine, script, &length) : NULL;
    if (word == NULL)
      length = 1;
    psd_put(&out, word != NULL ? word : script, word != NULL ? strlen(word) : 1);
    script += length;
  }
  psd_put_u8(&out, 0);
  if (!out.overflow)
    return text;
  free(text);
  return NULL;
}

psd_db_result psd_read_schema(psd_db *db) {
  int64_t there = 0, version = 0;
  psd_db_result result = psd_sql_row(db, PSD_SQL_PROBE, NULL, 0, psd_take_number, &there);
  if (result == PSD_DB_DONE && there != 0)
    result = psd_sql_row(db, PSD_SQL_VERSION, NULL, 0, psd_take_number, &version);
  if (result == PSD_DB_DONE)
    db->schema = version < 0 || version > INT32_MAX ? INT32_MAX : (unsigned)version;
  return result;
}

psd_db_result psd_db_script(psd_db *db, const char *script) {
  char *text = translate(db->engine, script);
  if (text == NULL) {
    psd_db_say(&db->words, "no memory");
    return PSD_DB_FAILED;
  }
  psd_db_result result = db->engine->script(db->connection, text);
  free(text);
  return result;
}

static psd_db_result apply(psd_db *db, unsigned version) {
  assert(version >= 1 && version <= NEWEST);
  psd_db_result result = psd_db_script(db, scripts[version - 1]);
  psd_value values[] = {psd_value_number(version), psd_value_number((int64_t)time(NULL))};
  return result != PSD_DB_DONE ? result : psd_sql_run(db, PSD_SQL_VERSION_ADD, values, 2, NULL);
}

/* One step, unless another has taken it meanwhile. */
static psd_db_result step_to(psd_db *db, unsigned version) {
  psd_db_result result = db->engine->begin(db->connection, PSD_DB_MIGRATE);
  if (result != PSD_DB_DONE)
    return result;
  result = psd_read_schema(db);
  if (result == PSD_DB_DONE && db->schema < version)
    result = apply(db, version);
  if (result == PSD_DB_DONE)
    return db->engine->commit(db->connection);
  db->engine->rollback(db->connection);
  return result;
}

psd_db_result psd_migrate(psd_db *db, unsigned version) {
  psd_db_result result = PSD_DB_DONE;
  while (result == PSD_DB_DONE && db->schema < version) {
    unsigned next = db->schema + 1;
    result = step_to(db, next);
    if (result == PSD_DB_DONE && db->schema < next)
      db->schema = next;
  }
  return result;
}
