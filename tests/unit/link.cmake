# Tests of link. Included by CMakeLists.txt in this folder.
set(UNIT ${CMAKE_CURRENT_LIST_DIR})

add_library(psd_link_support STATIC ${UNIT}/link_support.c)
target_include_directories(psd_link_support PUBLIC ${UNIT} ${PROJECT_SOURCE_DIR}/reader)
target_link_libraries(psd_link_support PUBLIC psd_reader_support PRIVATE psd_options)

psd_unit_test(link_frames SOURCES ${UNIT}/link_frames.c LIBRARIES psd_link_support)
add_library(psd_link_scene STATIC ${UNIT}/link_scene.c)
target_link_libraries(psd_link_scene PUBLIC psd_link_support psd_reader_script PRIVATE psd_options)
psd_unit_test(link_session SOURCES ${UNIT}/link_session.c LIBRARIES psd_link_scene)
psd_unit_test(link_session_funds SOURCES ${UNIT}/link_session_funds.c LIBRARIES psd_link_scene)
psd_unit_test(link_session_authority SOURCES ${UNIT}/link_session_authority.c LIBRARIES psd_link_scene)
psd_unit_test(link_password SOURCES ${UNIT}/link_password.c LIBRARIES psd_link_support)
psd_unit_test(link_factory SOURCES ${UNIT}/link_factory.c LIBRARIES psd_link_support)
if(PSD_CLASSIC)
  psd_unit_test(link_classic SOURCES ${UNIT}/link_classic.c LIBRARIES psd_link_support)
endif()
