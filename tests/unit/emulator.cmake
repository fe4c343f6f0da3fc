# Tests of card/emulator. Included by CMakeLists.txt in this folder.
set(UNIT ${PROJECT_SOURCE_DIR}/tests/unit)
set(SUPPORT ${PROJECT_SOURCE_DIR}/tests/support)

add_library(psd_probe_card STATIC ${SUPPORT}/probe_card.c)
target_include_directories(psd_probe_card PUBLIC ${SUPPORT} ${PROJECT_SOURCE_DIR}/card/include)
target_link_libraries(psd_probe_card PUBLIC Threads::Threads PRIVATE psd_options)

add_library(psd_wire STATIC ${SUPPORT}/wire.c)
target_link_libraries(psd_wire PUBLIC psd_check PRIVATE psd_options)

foreach(part stream listener vpcd)
  psd_unit_test(emulator_${part} SOURCES ${UNIT}/emulator_${part}.c LIBRARIES psd_wire psd_emulator psd_probe_card)
endforeach()
psd_unit_test(emulator_options SOURCES ${UNIT}/emulator_options.c LIBRARIES psd_card_program psd_probe_card)
if(TARGET psd_ifd)
  psd_unit_test(emulator_ifd SOURCES ${UNIT}/emulator_ifd.c LIBRARIES psd_ifd psd_card_program psd_probe_card)
endif()
psd_unit_test(emulator_program SOURCES ${UNIT}/emulator_program.c LIBRARIES psd_wire psd_card_program psd_probe_card)
target_compile_definitions(emulator_program PRIVATE PSD_CARD_PROGRAM="$<TARGET_FILE:psd-card>")
add_dependencies(emulator_program psd-card)
