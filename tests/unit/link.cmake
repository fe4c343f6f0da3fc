# Tests of link. Included by CMakeLists.txt in this folder.
