# Tests of server/wire and server/meter. Included by CMakeLists.txt in this folder.
psd_unit_test(server_stream SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_stream.c LIBRARIES psd_frames)

# A card and a key management system on paper: the other ends of the meter server.
add_library(psd_paper_card STATIC ${PROJECT_SOURCE_DIR}/tests/support/paper_card.c)
target_include_directories(psd_paper_card PUBLIC ${PROJECT_SOURCE_DIR}/tests/support)
target_link_libraries(psd_paper_card PUBLIC psd_meter_server psd_check PRIVATE psd_options)
psd_unit_test(server_session SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_session.c LIBRARIES psd_paper_card)
psd_unit_test(server_process SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_process.c LIBRARIES psd_paper_card)
target_compile_definitions(server_process PRIVATE PSD_SERVER_PROGRAM="$<TARGET_FILE:psd-server>")
add_dependencies(server_process psd-server)
psd_unit_test(server_settings SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_settings.c LIBRARIES psd_meter_server)
psd_unit_test(server_workers SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_workers.c LIBRARIES psd_meter_server)
psd_unit_test(server_kms SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_kms.c LIBRARIES psd_meter_server)
