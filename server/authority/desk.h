/* The inside of the desk: what several of its rules need. */
#ifndef PSD_AUTHORITY_DESK_H
#define PSD_AUTHORITY_DESK_H

#include "authority/authority.h"
#include "store/database.h"

/* A text that may be empty, for which SQLite has no address. `out` has zeroes before. */
psd_db_result psd_desk_words(psd_db *db, psd_sql sql, int column, char *out, size_t room);
/* Whether it fits, with its end, and is the database's to keep. */
bool psd_desk_text_fits(const char *text, size_t room);
/* A statement that changes one row or says that it cannot: REFUSED. */
psd_db_result psd_desk_change(psd_db *db, psd_sql sql, const psd_value *values, size_t count);
/* One number that a statement answers. */
psd_db_result psd_desk_number(psd_db *db, psd_sql sql, const psd_value *values, size_t count, uint64_t *number);
psd_db_result psd_desk_hash(psd_db *db, psd_proof_bytes bytes, uint8_t hash[32]);
/* The meter: REFUSED if it is not there, revoked or out of service. */
psd_db_result psd_desk_meter(psd_db *db, const uint8_t device[8], psd_meter_row *row);

/* Columns of user_certificates, as statements.def has them. */
psd_db_result psd_desk_take_certificate(psd_db *db, psd_sql sql, void *row);

/* What was signed of a revocation. */
typedef enum psd_desk_paper { PSD_PAPER_REQUEST = 1, PSD_PAPER_COMMAND, PSD_PAPER_CONFIRMATION } psd_desk_paper;
/* Keeps it; the same again is DONE. */
psd_db_result psd_desk_keep(psd_db *db, uint32_t certificate, psd_desk_paper paper, psd_proof_bytes content,
                            uint64_t time);
/* How many of a kind there are. */
psd_db_result psd_desk_papers(psd_db *db, uint32_t certificate, psd_desk_paper paper, uint64_t *count);

#endif
