# Tests of server. Included by CMakeLists.txt in this folder.
