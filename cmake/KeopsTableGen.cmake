# TableGen reads the include directories of the folder that it is called from.
include_directories(SYSTEM ${MLIR_INCLUDE_DIRS})
include_directories("${PROJECT_SOURCE_DIR}/dialects")

# keops_records(OUTPUT GENERATOR FILE): run our own generator over the vocabulary, beside mlir-tblgen.
# The outputs are collected by add_public_tablegen_target like those of mlir_tablegen.
function(keops_records output generator file)
  set(target "${CMAKE_CURRENT_BINARY_DIR}/${output}")
  file(GLOB_RECURSE records CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/dialects/*.td")
  set(includes "")
  foreach(dir ${MLIR_INCLUDE_DIRS} "${PROJECT_SOURCE_DIR}/dialects")
    list(APPEND includes "-I${dir}")
  endforeach()
  add_custom_command(OUTPUT "${target}"
    COMMAND keops-tblgen ${generator} ${includes} "${CMAKE_CURRENT_SOURCE_DIR}/${file}" --write-if-changed -o "${target}"
    DEPENDS keops-tblgen ${records}
    COMMENT "Building ${output}...")
  set(TABLEGEN_OUTPUT ${TABLEGEN_OUTPUT} "${target}" PARENT_SCOPE)
endfunction()
