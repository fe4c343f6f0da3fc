# Tests of server/wire and server/meter. Included by CMakeLists.txt in this folder.
psd_unit_test(server_stream SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_stream.c LIBRARIES psd_frames)

# A card and a key management system on paper: the other ends of the meter server.
add_library(psd_paper_card STATIC ${PROJECT_SOURCE_DIR}/tests/support/paper_card.c
  ${PROJECT_SOURCE_DIR}/tests/support/paper_funds.c ${PROJECT_SOURCE_DIR}/tests/support/paper_kms.c)
target_include_directories(psd_paper_card PUBLIC ${PROJECT_SOURCE_DIR}/tests/support)
target_link_libraries(psd_paper_card PUBLIC psd_meter_server psd_check PRIVATE psd_options)
# One session, its line and its service a test's.
add_library(psd_session_bench STATIC ${PROJECT_SOURCE_DIR}/tests/support/session_bench.c
  ${PROJECT_SOURCE_DIR}/tests/support/bench_orders.c)
target_link_libraries(psd_session_bench PUBLIC psd_paper_card PRIVATE psd_options)
foreach(part session session_open session_trouble findings orders orders_trouble rates)
  psd_unit_test(server_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_${part}.c LIBRARIES psd_session_bench)
endforeach()
# The same with a card that has funds.
add_library(psd_funds_bench STATIC ${PROJECT_SOURCE_DIR}/tests/support/funds_bench.c)
target_link_libraries(psd_funds_bench PUBLIC psd_session_bench PRIVATE psd_options)
foreach(part funds funds_cut funds_trouble funds_altered funds_jobs)
  psd_unit_test(server_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_${part}.c LIBRARIES psd_funds_bench)
endforeach()
# psd-server as a process.
add_library(psd_process_bench STATIC ${CMAKE_CURRENT_LIST_DIR}/server_process_bench.c
  ${CMAKE_CURRENT_LIST_DIR}/server_process_kms.c)
target_link_libraries(psd_process_bench PUBLIC psd_paper_card PRIVATE psd_options)
target_compile_definitions(psd_process_bench PUBLIC PSD_SERVER_PROGRAM="$<TARGET_FILE:psd-server>")
add_dependencies(psd_process_bench psd-server)
foreach(part process process_others)
  psd_unit_test(server_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_${part}.c LIBRARIES psd_process_bench)
endforeach()
psd_unit_test(server_settings SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_settings.c LIBRARIES psd_meter_server)
psd_unit_test(server_workers SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_workers.c LIBRARIES psd_meter_server)
psd_unit_test(server_kms SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_kms.c LIBRARIES psd_meter_server)
# The same with the authority's desk behind it, and the real operations of the key management system.
add_library(psd_desk_bench STATIC ${PROJECT_SOURCE_DIR}/tests/support/desk_bench.c)
target_link_libraries(psd_desk_bench PUBLIC psd_session_bench psd_kms_core psd_proof_bench PRIVATE psd_options)
foreach(part authority authority_revoke authority_credit)
  psd_unit_test(server_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_${part}.c LIBRARIES psd_desk_bench)
endforeach()
# What psd-server publishes over HTTP, on both databases.
add_library(psd_publish_bench STATIC ${CMAKE_CURRENT_LIST_DIR}/publish_bench.c ${CMAKE_CURRENT_LIST_DIR}/store_db_bench.c
  ${CMAKE_CURRENT_LIST_DIR}/openssl_run.c)
target_include_directories(psd_publish_bench PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(psd_publish_bench PUBLIC psd_publish psd_kms_core psd_datacenter psd_check SQLite::SQLite3 PostgreSQL::PostgreSQL
  PRIVATE psd_options)
foreach(part publish publish_hostile)
  psd_unit_test(server_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_${part}.c LIBRARIES psd_publish_bench)
  add_test(NAME server_${part}_postgres COMMAND ${private_postgres} $<TARGET_FILE:server_${part}>)
  set_tests_properties(server_${part}_postgres PROPERTIES LABELS unit TIMEOUT 300)
endforeach()
