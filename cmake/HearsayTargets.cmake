# How libraries and their tests are made. Sources are found by folder: a new file needs no entry anywhere.
# A file named *_test.cc lies beside its source and goes into the test program of its library.

add_library(hearsay_flags INTERFACE)
target_compile_options(hearsay_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlapping copies in std::string at -O3 where there are none (GCC bug 105651).
  target_compile_options(hearsay_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
option(HEARSAY_WERROR "Treat warnings as errors" OFF)
option(HEARSAY_UNITY "Compile each library as one source; three times faster where nothing is cached" OFF)
option(HEARSAY_PCH "Precompile what all tests include; faster where nothing is cached" OFF)
if(HEARSAY_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(hearsay_flags INTERFACE -Wno-subobject-linkage)  # nothing includes these sources
endif()
if(HEARSAY_WERROR)
  target_compile_options(hearsay_flags INTERFACE -Werror)
endif()
if(HEARSAY_SANITIZE)
  target_compile_options(hearsay_flags INTERFACE -fsanitize=${HEARSAY_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(hearsay_flags INTERFACE -fsanitize=${HEARSAY_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND HEARSAY_SANITIZE MATCHES "undefined")
    target_compile_options(hearsay_flags INTERFACE -fno-sanitize=function)
  endif()
endif()

# hearsay_library(<name> FOLDERS <folder of src>... PUBLIC <lib>... PRIVATE <lib>...)
function(hearsay_library name)
  cmake_parse_arguments(arg "" "" "FOLDERS;PUBLIC;PRIVATE" ${ARGN})
  set(sources)
  set(tests)
  foreach(folder IN LISTS arg_FOLDERS)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.cc)
    foreach(file IN LISTS found)
      if(file MATCHES "_test\\.cc$")
        list(APPEND tests ${file})
      elseif(NOT file MATCHES "/cli/main\\.cc$")
        list(APPEND sources ${file})
      endif()
    endforeach()
  endforeach()
  add_library(hearsay_${name} STATIC ${sources})
  add_library(hearsay::${name} ALIAS hearsay_${name})
  set_target_properties(hearsay_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON
    UNITY_BUILD "${HEARSAY_UNITY}" UNITY_BUILD_BATCH_SIZE 0)
  target_compile_features(hearsay_${name} PUBLIC cxx_std_20)
  target_include_directories(hearsay_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
           $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
  # Whoever links the installed library needs what it links, but neither our flags nor the Boost headers.
  set(private ${arg_PRIVATE})
  list(TRANSFORM private REPLACE "^Boost::headers$" "$<BUILD_INTERFACE:Boost::headers>")
  target_link_libraries(hearsay_${name} PUBLIC ${arg_PUBLIC} PRIVATE ${private} $<BUILD_INTERFACE:hearsay_flags>)
  set_property(TARGET hearsay_${name} PROPERTY HEARSAY_TESTS "${tests}")
  set_property(TARGET hearsay_${name} PROPERTY HEARSAY_PRIVATE "${arg_PRIVATE}")
endfunction()

# The test program of a library: all *_test.cc of its folders. `unit_tests` builds those of all libraries and
# lists them in unit_tests.txt, for script/test.
function(hearsay_tests name)
  get_property(tests TARGET hearsay_${name} PROPERTY HEARSAY_TESTS)
  get_property(private TARGET hearsay_${name} PROPERTY HEARSAY_PRIVATE)
  if(NOT tests)
    return()
  endif()
  add_executable(${name}_tests ${tests})
  target_link_libraries(${name}_tests PRIVATE hearsay_${name} hearsay_flags ${private}
    hearsay_test_data GTest::gmock_main rapidcheck rapidcheck_gtest)
  if(HEARSAY_PCH)
    target_precompile_headers(${name}_tests PRIVATE <algorithm> <chrono> <functional> <map> <memory> <optional> <set>
      <string> <variant> <vector> <gmock/gmock.h> <gtest/gtest.h> "${PROJECT_SOURCE_DIR}/include/hearsay/node.h")
    # GCC 12 sees std::string copied out of bounds where there is none, once more is precompiled.
    target_compile_options(${name}_tests PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>)
  endif()
  add_test(NAME ${name} COMMAND ${name}_tests)
  if(NOT TARGET unit_tests)
    # Test data is found from the source tree.
    add_library(hearsay_test_data STATIC ${PROJECT_SOURCE_DIR}/tests/support/source_dir.cc)
    target_include_directories(hearsay_test_data PUBLIC ${PROJECT_SOURCE_DIR}/tests)  # "support/..."
    target_compile_definitions(hearsay_test_data PRIVATE HEARSAY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_libraries(hearsay_test_data PRIVATE hearsay_flags)
    add_custom_target(unit_tests)
    file(WRITE ${PROJECT_BINARY_DIR}/unit_tests.txt "")
  endif()
  add_dependencies(unit_tests ${name}_tests)
  file(APPEND ${PROJECT_BINARY_DIR}/unit_tests.txt "${name}_tests\n")
endfunction()
