
# ESP-NN: the project's target, or its generic kernels from a folder of its sources.
if(NOT TARGET esp-nn)
    set(ESP_NN_PATH "$ENV{ESP_NN_PATH}" CACHE PATH "Folder of ESP-NN's sources")
    file(GLOB ESP_NN_SOURCES "${ESP_NN_PATH}/src/*/*_ansi.c" "${ESP_NN_PATH}/src/*/*_opt.c")
    if(NOT ESP_NN_SOURCES)
        message(FATAL_ERROR "@name@ calls ESP-NN: set ESP_NN_PATH to the folder of its sources")
    endif()
    add_library(esp-nn STATIC ${ESP_NN_SOURCES})
    target_include_directories(esp-nn PUBLIC "${ESP_NN_PATH}/include" PRIVATE "${ESP_NN_PATH}/src/common")
    target_compile_definitions(esp-nn PUBLIC CONFIG_NN_OPTIMIZED)
    target_link_libraries(esp-nn PUBLIC -lm)
endif()
target_link_libraries(@name@ PRIVATE esp-nn)
