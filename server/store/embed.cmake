# Writes the schema history as a C table: `cmake -DOUTPUT=FILE -DSCRIPTS=A;B;... -P embed.cmake`. The first script makes schema
# 1 of an empty database, the second 2 of 1, and so on. Bytes, not a string: those are limited in length (C11, 5.2.4.1).
set(arrays "")
set(table "")
set(number 0)
foreach(script IN LISTS SCRIPTS)
  math(EXPR number "${number} + 1")
  file(READ ${script} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const char script_${number}[] = {${bytes}0};\n")
  string(APPEND table "  script_${number},\n")
endforeach()
file(WRITE ${OUTPUT} "${arrays}static const char *const scripts[] = {\n${table}};\n")
