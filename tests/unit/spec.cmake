# Tests of apdu-spec. Included by CMakeLists.txt in this folder.
foreach(part cursor tlv apdu messages session tables chars amount describe describe_atr calendar certificate evidence rates)
  psd_unit_test(spec_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/spec_${part}.c LIBRARIES psd_spec)
endforeach()

# The document made from the tables is the one that is there.
add_test(NAME spec_commands_md COMMAND ${CMAKE_COMMAND}
  -DPROGRAM=$<TARGET_FILE:psd-commands-md> -DDOCUMENT=${PROJECT_SOURCE_DIR}/docs/commands.md
  -P ${CMAKE_CURRENT_LIST_DIR}/spec_commands_md.cmake)
set_tests_properties(spec_commands_md PROPERTIES LABELS unit)
