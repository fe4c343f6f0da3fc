# Tests of server_store. Included by CMakeLists.txt in this folder.
