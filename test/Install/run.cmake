# The steps of the install test: install, move, look at what is there, build the consumer, run it.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT status EQUAL 0)
    string(REPLACE ";" " " line "${ARGV}")
    message(FATAL_ERROR "${line}\nended with ${status}\n${out}")
  endif()
  set(output "${out}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
run("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${WORK_DIR}/installed")
file(RENAME "${WORK_DIR}/installed" "${WORK_DIR}/moved")
set(prefix "${WORK_DIR}/moved")

foreach(file bin/keopsc bin/keops-opt bin/keops-translate bin/keops-lsp-server
             lib/libkeops.so lib/libkeops-compiler.so
             include/keops-c/keops.h include/keops-c/program.h include/keops/keops.hpp
             lib/cmake/Keops/KeopsConfig.cmake share/doc/keops/LICENSE)
  if(NOT EXISTS "${prefix}/${file}")
    message(FATAL_ERROR "not installed: ${file}")
  endif()
endforeach()

run(ldd "${prefix}/lib/libkeops.so")
if(output MATCHES "LLVM|MLIR")
  message(FATAL_ERROR "libkeops.so must not need LLVM:\n${output}")
endif()

run("${CMAKE_COMMAND}" -G Ninja -S "${CONSUMER_DIR}" -B "${WORK_DIR}/consumer"
  "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}")
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/consumer")
set(ENV{KEOPS_CACHE_DIR} "${WORK_DIR}/cache")
foreach(program jit jit-cxx batches-cxx aot)
  run("${WORK_DIR}/consumer/${program}")
  message(STATUS "${program}: ${output}")
endforeach()
run(ldd "${WORK_DIR}/consumer/aot")
if(output MATCHES "keops|LLVM|MLIR|omp")
  message(FATAL_ERROR "an ahead-of-time program must need libc and libm alone:\n${output}")
endif()
