# Tests of session. Included by CMakeLists.txt in this folder.
