#include "verify/seen_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/site.h"

#include "seen_schema.inc"

#define SCHEMA 1
/* How often a transaction is tried that conflicts with another site's. SQLite waits by itself. */
#define TRIES_SQLITE 1U
#define TRIES_POSTGRES 64U

/* A piece of a call: which, and which of those that differ it is. */
typedef struct position {
  int64_t device, piece, digest;
  size_t index;
  size_t distinct;
} position;

struct psd_seen {
  psd_db *db;
  psd_db_result (*look)(psd_db *db, psd_seen_piece *pieces, size_t count, int64_t now);
  unsigned tries;
  /* Room that is kept from call to call. */
  position *positions;
  psd_seen_piece *pieces;
  size_t room;
};

static psd_db_result read_version(psd_db *db, int64_t *version) {
  *version = 0;
  psd_db_result result = psd_sql_row(db, PSD_SQL_SEEN_VERSION, NULL, 0, psd_take_number, version);
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

/* Several may make it at the same time: each waits, and finds what is there then. */
static psd_db_result make_schema(psd_db *db) {
  psd_db_result result = db->engine->begin(db->connection, PSD_DB_MIGRATE);
  if (result != PSD_DB_DONE)
    return result;
  result = psd_db_script(db, scripts[SCHEMA - 1]);
  if (result == PSD_DB_DONE)
    return db->engine->commit(db->connection);
  db->engine->rollback(db->connection);
  return result;
}

/* The tables are not there, or it cannot be read: which, the second look tells. */
static bool settle(psd_db *db) {
  int64_t version = 0;
  if (read_version(db, &version) != PSD_DB_DONE &&
      (make_schema(db) != PSD_DB_DONE || read_version(db, &version) != PSD_DB_DONE))
    return false;
  if (version != SCHEMA)
    psd_db_say(&db->words, "the database of pieces has schema %lld, this program knows %d", (long long)version, SCHEMA);
  return version == SCHEMA;
}

psd_seen *psd_seen_open(const char *url, char *words, size_t room) {
  psd_seen *seen = calloc(1, sizeof *seen);
  if (seen == NULL) {
    (void)snprintf(words, room, "no memory");
    return NULL;
  }
  seen->db = psd_db_connect(url, true, words, room);
  if (seen->db != NULL && settle(seen->db)) {
    bool far = seen->db->engine == &psd_engine_postgres;
    seen->look = far ? psd_seen_many : psd_seen_each;
    seen->tries = far ? TRIES_POSTGRES : TRIES_SQLITE;
    return seen;
  }
  if (seen->db != NULL)
    (void)snprintf(words, room, "%s", psd_db_error(seen->db));
  psd_seen_close(seen);
  return NULL;
}

void psd_seen_close(psd_seen *seen) {
  if (seen == NULL)
    return;
  psd_db_close(seen->db);
  free(seen->positions);
  free(seen->pieces);
  free(seen);
}

static bool make_room(psd_seen *seen, size_t count) {
  if (count <= seen->room)
    return true;
  free(seen->positions);
  free(seen->pieces);
  seen->positions = calloc(count, sizeof *seen->positions);
  seen->pieces = calloc(count, sizeof *seen->pieces);
  seen->room = seen->positions != NULL && seen->pieces != NULL ? count : 0;
  return seen->room >= count;
}

static bool take_position(const psd_claim *claim, size_t index, position *at) {
  uint8_t device[PSD_SIZE_DEVICE_ID], digest[PSD_HASH];
  psd_claim_device(claim, device);
  if (!psd_device_number(device, &at->device) || !psd_hash(&(psd_part){claim->bytes, claim->length}, 1, digest))
    return false;
  psd_cursor from = psd_cursor_over(digest, 8);
  at->piece = (int64_t)claim->fields.piece_count;
  at->digest = (int64_t)psd_take_uint(&from, 8);
  at->index = index;
  return true;
}

static int by_piece(const void *a, const void *b) {
  const position *left = a, *right = b;
  if (left->device != right->device)
    return left->device < right->device ? -1 : 1;
  if (left->piece != right->piece)
    return left->piece < right->piece ? -1 : 1;
  return (left->index > right->index) - (left->index < right->index);
}

/* Those whose signature is right, in the order of the database's key: two sites lock in the same order, and a page is
 * visited once. Returns how many; false if the library of cryptography failed. */
static bool take_positions(psd_seen *seen, const psd_claim *claims, const psd_piece_verdict *verdicts, size_t count,
                           size_t *taken) {
  *taken = 0;
  for (size_t i = 0; i < count; i++)
    if (verdicts[i].checks[PSD_CHECK_SIGNATURE].result == PSD_CHECK_PASSED &&
        !take_position(&claims[i], i, &seen->positions[(*taken)++]))
      return false;
  if (*taken > 0)
    qsort(seen->positions, *taken, sizeof *seen->positions, by_piece);
  return true;
}

static void take_piece(const position *at, const psd_claim *claim, psd_seen_piece *piece) {
  bool registers = claim->profile != PSD_PROFILE_COMPACT;
  *piece = (psd_seen_piece){.device = at->device,
                            .piece = at->piece,
                            .digest = at->digest,
                            .ascending = registers ? (int64_t)claim->fields.ascending : PSD_SEEN_NONE,
                            .postage = (int64_t)claim->fields.postage,
                            .below = PSD_SEEN_NONE,
                            .above = PSD_SEEN_NONE};
}

/* Each PSD and piece count once; returns how many there are. */
static size_t take_distinct(psd_seen *seen, const psd_claim *claims, size_t taken) {
  size_t distinct = 0;
  for (size_t i = 0; i < taken; i++) {
    position *at = &seen->positions[i];
    if (i == 0 || at->device != at[-1].device || at->piece != at[-1].piece)
      take_piece(at, &claims[at->index], &seen->pieces[distinct++]);
    at->distinct = distinct - 1;
  }
  return distinct;
}

static psd_db_result look_once(psd_seen *seen, size_t count, uint64_t now) {
  psd_db_result result = psd_db_begin(seen->db, true);
  if (result != PSD_DB_DONE)
    return result;
  for (size_t i = 0; i < count; i++)
    seen->pieces[i].again = false;
  result = seen->look(seen->db, seen->pieces, count, (int64_t)now);
  if (result == PSD_DB_DONE)
    return psd_db_commit(seen->db);
  psd_db_rollback(seen->db);
  return result;
}

static bool look(psd_seen *seen, size_t count, uint64_t now) {
  psd_db_result result = PSD_DB_BUSY;
  for (unsigned i = 0; i < seen->tries && result == PSD_DB_BUSY && count > 0; i++)
    result = look_once(seen, count, now);
  return count == 0 || result == PSD_DB_DONE;
}

static void judge_duplicate(const psd_seen_piece *piece, const position *at, bool again, uint64_t now,
                            psd_piece_verdict *verdict) {
  char words[PSD_TIME_WORDS];
  if (!again && !piece->again) {
    psd_find(verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_PASSED, "not seen before");
    return;
  }
  bool other = at->digest != (piece->again ? piece->original : piece->digest);
  psd_find(verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_FAILED, "this piece count was seen %s%s",
           psd_time_words(words, piece->again ? (uint64_t)piece->first : now), other ? ", with other content" : "");
}

/* Behind a piece the register is what it was before, and the postage: it only goes up, from count to count. */
static void judge_neighbours(const psd_seen_piece *piece, psd_piece_verdict *verdict) {
  if (piece->again || piece->ascending == PSD_SEEN_NONE)
    return;
  if (piece->below != PSD_SEEN_NONE && piece->below_ascending > piece->ascending - piece->postage)
    psd_find(verdict, PSD_CHECK_REGISTERS, PSD_CHECK_FAILED,
             "the ascending register contradicts piece %lld, seen before", (long long)piece->below);
  else if (piece->above != PSD_SEEN_NONE && piece->above_before < piece->ascending)
    psd_find(verdict, PSD_CHECK_REGISTERS, PSD_CHECK_FAILED,
             "the ascending register contradicts piece %lld, seen before", (long long)piece->above);
}

static void judge(const psd_seen *seen, psd_piece_verdict *verdicts, size_t taken, uint64_t now) {
  for (size_t i = 0; i < taken; i++) {
    const position *at = &seen->positions[i];
    const psd_seen_piece *piece = &seen->pieces[at->distinct];
    bool again = i > 0 && at->distinct == at[-1].distinct;
    judge_duplicate(piece, at, again, now, &verdicts[at->index]);
    if (!again)
      judge_neighbours(piece, &verdicts[at->index]);
  }
}

bool psd_seen_add(psd_seen *seen, const psd_claim *claims, psd_piece_verdict *verdicts, size_t count, uint64_t now,
                  char *words, size_t room) {
  size_t taken = 0;
  if (!make_room(seen, count) || !take_positions(seen, claims, verdicts, count, &taken)) {
    (void)snprintf(words, room, "no memory, or the library of cryptography failed");
    return false;
  }
  if (!look(seen, take_distinct(seen, claims, taken), now)) {
    (void)snprintf(words, room, "%s", psd_db_error(seen->db));
    return false;
  }
  for (size_t i = 0; i < count; i++)
    if (verdicts[i].checks[PSD_CHECK_SIGNATURE].result != PSD_CHECK_PASSED)
      psd_find(&verdicts[i], PSD_CHECK_DUPLICATE, PSD_CHECK_UNKNOWN, "nobody knows whether it is the PSD's");
  judge(seen, verdicts, taken, now);
  for (size_t i = 0; i < count; i++)
    psd_verdict_end(&verdicts[i]);
  return true;
}
