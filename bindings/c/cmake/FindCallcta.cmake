# Finds callcta and makes the target Callcta::callcta.
#
#   list(APPEND CMAKE_MODULE_PATH "PREFIX/lib/cmake/callcta")
#   find_package(Callcta REQUIRED)
#   target_link_libraries(program PRIVATE Callcta::callcta)
#
# The prefix that this file is installed below is searched first. Sets
# Callcta_FOUND and Callcta_VERSION, and in the cache Callcta_INCLUDE_DIR and
# Callcta_LIBRARY, which can be set to look elsewhere.

get_filename_component(_callcta_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
find_path(Callcta_INCLUDE_DIR callcta.h PATHS "${_callcta_prefix}/include" NO_DEFAULT_PATH)
find_path(Callcta_INCLUDE_DIR callcta.h)
find_library(Callcta_LIBRARY callcta PATHS "${_callcta_prefix}/lib" NO_DEFAULT_PATH)
find_library(Callcta_LIBRARY callcta)
unset(_callcta_prefix)

if(Callcta_INCLUDE_DIR)
  file(STRINGS "${Callcta_INCLUDE_DIR}/callcta.h" Callcta_VERSION
       REGEX "^#define CALLCTA_VERSION \"[^\"]+\"$")
  string(REGEX REPLACE "^#define CALLCTA_VERSION \"([^\"]+)\"$" "\\1" Callcta_VERSION
         "${Callcta_VERSION}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Callcta
  REQUIRED_VARS Callcta_LIBRARY Callcta_INCLUDE_DIR
  VERSION_VAR Callcta_VERSION)
mark_as_advanced(Callcta_INCLUDE_DIR Callcta_LIBRARY)

if(Callcta_FOUND AND NOT TARGET Callcta::callcta)
  add_library(Callcta::callcta UNKNOWN IMPORTED)
  set_target_properties(Callcta::callcta PROPERTIES
    IMPORTED_LOCATION "${Callcta_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${Callcta_INCLUDE_DIR}")
endif()
