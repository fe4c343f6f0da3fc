# Fails if docs/commands.md is not what psd-commands-md writes.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE expected RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM}: ${status}")
endif()
file(READ ${DOCUMENT} actual)
if(NOT actual STREQUAL expected)
  message(FATAL_ERROR "${DOCUMENT} is stale: write it anew with ./run docs")
endif()
