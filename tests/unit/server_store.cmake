# Tests of server_store. Included by CMakeLists.txt in this folder.
# The meter server's database: one suite, on SQLite, and on a PostgreSQL of its own.
psd_unit_test(server_store_sqlite
  SOURCES store_db.c store_db_authority.c store_db_bench.c store_db_credit.c store_db_cut.c store_db_desk.c store_db_desk_cut.c store_db_devices.c store_db_ends.c store_db_file.c store_db_funds.c
    store_db_liars.c store_db_meters.c store_db_money.c store_db_people.c store_db_rates.c store_db_refill.c store_db_requests.c
    store_db_revocations.c store_db_schema.c store_db_server.c store_db_trouble.c
  LIBRARIES psd_datacenter psd_db SQLite::SQLite3 PostgreSQL::PostgreSQL)

set(private_postgres ${PROJECT_SOURCE_DIR}/tests/e2e/private-postgres)
add_test(NAME server_store_postgres COMMAND ${private_postgres} $<TARGET_FILE:server_store_sqlite>)
set_tests_properties(server_store_postgres PROPERTIES LABELS unit TIMEOUT 600
  ENVIRONMENT "PSD_PRIVATE_POSTGRES=${private_postgres}")

# The operator's commands.
foreach(part IN ITEMS server_admin server_admin_meters server_admin_money server_admin_rates server_admin_reconcile
    server_admin_verification)
  psd_unit_test(${part} SOURCES ${part}.c admin_support.c store_db_bench.c
    LIBRARIES psd_admin psd_program psd_password psd_call SQLite::SQLite3 PostgreSQL::PostgreSQL)
  target_compile_definitions(${part} PRIVATE PSD_DOCS="${PROJECT_SOURCE_DIR}/docs")
  add_test(NAME ${part}_postgres COMMAND ${private_postgres} $<TARGET_FILE:${part}>)
  set_tests_properties(${part}_postgres PROPERTIES LABELS unit TIMEOUT 300)
endforeach()

# Those of the authority and the creditor, with certificates and payments that OpenSSL makes.
psd_unit_test(server_admin_authority SOURCES server_admin_authority.c admin_support.c store_db_bench.c store_db_desk.c
    store_db_funds.c
  LIBRARIES psd_proof_bench psd_admin psd_program psd_password psd_call SQLite::SQLite3 PostgreSQL::PostgreSQL)
add_test(NAME server_admin_authority_postgres COMMAND ${private_postgres} $<TARGET_FILE:server_admin_authority>)
set_tests_properties(server_admin_authority_postgres PROPERTIES LABELS unit TIMEOUT 300)

# What an audit shows: rules alone, without a database.
psd_unit_test(datacenter_examine SOURCES datacenter_examine.c LIBRARIES psd_datacenter)
