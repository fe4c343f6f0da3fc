# Tests of reader/fleet. Included by CMakeLists.txt in this folder.
psd_unit_test(fleet SOURCES ${CMAKE_CURRENT_LIST_DIR}/fleet.c LIBRARIES psd_fleet)
