# Finds LLVM/MLIR of the one major version that we support.
set(KEOPS_LLVM_MAJOR 22)
# MLIR's package file compares versions too strictly to be asked for a major version, so it is checked by hand.
find_package(MLIR REQUIRED CONFIG HINTS "/usr/lib/llvm-${KEOPS_LLVM_MAJOR}/lib/cmake/mlir")
if(NOT LLVM_VERSION_MAJOR EQUAL KEOPS_LLVM_MAJOR)
  message(FATAL_ERROR "keops needs LLVM/MLIR ${KEOPS_LLVM_MAJOR}, found ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")
endif()
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# What every target that sees MLIR needs: headers (ours, generated, theirs) and the two shared libraries.
add_library(KeopsMLIR INTERFACE)
target_include_directories(KeopsMLIR SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_include_directories(KeopsMLIR INTERFACE
  "${PROJECT_SOURCE_DIR}/include" "${PROJECT_BINARY_DIR}/include")
target_link_libraries(KeopsMLIR INTERFACE MLIR LLVM)
# MLIR compares traits by names that g++ spells otherwise than clang, which LLVM's packages are built with. The two agree
# when they share the variables that hold the identities, so these must be visible.
target_compile_options(KeopsMLIR INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fvisibility=default>)

# keops_add_library(NAME sources... [LINK_LIBS ...]): a static room of the compiler, sharing one precompiled header.
function(keops_add_library name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC KeopsMLIR ${ARG_LINK_LIBS})
  add_dependencies(${name} KeopsIncGen)
  keops_precompile(${name})
endfunction()

# keops_precompile(NAME): reuse the precompiled MLIR headers in a target that links KeopsMLIR.
function(keops_precompile name)
  if(NOT TARGET KeopsPCH)
    file(WRITE "${PROJECT_BINARY_DIR}/KeopsPCH.cpp" "// Carries the shared precompiled header.\n")
    add_library(KeopsPCH STATIC "${PROJECT_BINARY_DIR}/KeopsPCH.cpp")
    target_link_libraries(KeopsPCH PUBLIC KeopsMLIR)
    target_precompile_headers(KeopsPCH PRIVATE "${PROJECT_SOURCE_DIR}/cmake/KeopsPCH.h")
  endif()
  target_precompile_headers(${name} REUSE_FROM KeopsPCH)
endfunction()
