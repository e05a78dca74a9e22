# Compares what a library exports with the golden list, so that nothing is exported by accident and nothing vanishes.
# cmake -DNM=... -DLIBRARY=... -DGOLDEN=... -P CheckSymbols.cmake
execute_process(COMMAND "${NM}" -D --defined-only "${LIBRARY}"
  OUTPUT_VARIABLE listing COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[0-9a-f]+ [A-Z] [^\n]+" lines "${listing}")
set(found "")
foreach(line ${lines})
  # Type A is the version node itself; what follows '@' is the version of a symbol.
  if(line MATCHES " [^A] ([^@]+)")
    list(APPEND found "${CMAKE_MATCH_1}")
  endif()
endforeach()
list(SORT found)
file(STRINGS "${GOLDEN}" expected)
list(SORT expected)
if(found STREQUAL expected)
  return()
endif()
set(added ${found})
list(REMOVE_ITEM added ${expected})
set(missing ${expected})
list(REMOVE_ITEM missing ${found})
message(FATAL_ERROR "exported but not in the golden list: ${added}\nin the list but not exported: ${missing}\n"
  "If this is meant, change ${GOLDEN}")
