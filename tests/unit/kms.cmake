# Tests of kms. Included by CMakeLists.txt in this folder.
