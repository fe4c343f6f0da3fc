# Tests of reader/tsa: time stamps over HTTP. Included by CMakeLists.txt in this folder.
psd_unit_test(tsa_query SOURCES ${CMAKE_CURRENT_LIST_DIR}/tsa_query.c LIBRARIES psd_tsa)
psd_unit_test(tsa_server SOURCES ${CMAKE_CURRENT_LIST_DIR}/tsa_server.c ${CMAKE_CURRENT_LIST_DIR}/openssl_run.c
  LIBRARIES psd_tsa psd_reader_card psd_bench_services Threads::Threads)
