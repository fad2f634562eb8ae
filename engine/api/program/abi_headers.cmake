# Writes OUTPUT: a header with the fingerprint of every header below ENGINE that a job can reach from <flink/...>, so that a
# library that was compiled against other ones is refused. DEPFILE names what it read. OUTPUT stays as it is when nothing changed.
#   cmake -DENGINE=<dir> -DOUTPUT=<file> -DDEPFILE=<file> -P abi_headers.cmake
cmake_minimum_required(VERSION 3.25)

file(GLOB pending ${ENGINE}/api/include/flink/*.h)
set(reached ${pending})
while(pending)
  list(POP_FRONT pending header)
  file(STRINGS ${header} includes REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]")
  foreach(line IN LISTS includes)
    string(REGEX REPLACE "^[^<\"]*[<\"]([^>\"]*).*$" "\\1" name "${line}")
    foreach(candidate ${ENGINE}/${name} ${ENGINE}/api/include/${name})
      if(EXISTS ${candidate} AND NOT IS_DIRECTORY ${candidate} AND NOT candidate IN_LIST reached)
        list(APPEND reached ${candidate})
        list(APPEND pending ${candidate})
      endif()
    endforeach()
  endforeach()
endwhile()
list(SORT reached)

set(content)
set(rule)
foreach(header IN LISTS reached)
  file(SHA256 ${header} digest)
  string(REPLACE ${ENGINE}/ "" relative ${header})
  string(APPEND content "${relative} ${digest}\n")
  string(REPLACE " " "\\ " escaped ${header})
  string(APPEND rule " \\\n  ${escaped}")
endforeach()
string(SHA256 fingerprint "${content}")
string(SUBSTRING ${fingerprint} 0 16 fingerprint)

set(text "#pragma once

/// Fingerprint of the headers that this tree's jobs are compiled against.
#define FLINK_ABI_HEADERS \"${fingerprint}\"
")
set(present)
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} present)
endif()
if(NOT present STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
if(DEPFILE)
  string(REPLACE " " "\\ " target ${OUTPUT})
  file(WRITE ${DEPFILE} "${target}:${rule}\n")
endif()
