
# CMSIS-NN: the project's target, or a folder of its sources.
if(NOT TARGET cmsis-nn)
    set(CMSIS_NN_PATH "$ENV{CMSIS_NN_PATH}" CACHE PATH "Folder of CMSIS-NN's sources")
    if(NOT EXISTS "${CMSIS_NN_PATH}/CMakeLists.txt")
        message(FATAL_ERROR "@name@ calls CMSIS-NN: set CMSIS_NN_PATH to the folder of its sources")
    endif()
    add_subdirectory("${CMSIS_NN_PATH}" cmsis-nn)
endif()
target_link_libraries(@name@ PRIVATE cmsis-nn)
