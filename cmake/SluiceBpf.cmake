# SPDX-License-Identifier: Apache-2.0
# The kernel's programs: *.bpf.c -> one object -> a skeleton that the loader embeds.

find_program(BPF_CLANG NAMES clang-19 clang REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin REQUIRED)
# asm/types.h lives in the multiarch folder of the host, which Clang does not name when it is asked
# (-print-multiarch).
set(BPF_MULTIARCH ${CMAKE_LIBRARY_ARCHITECTURE})

# sluice_bpf_object(SOURCE OUTPUT): compiles one program. Instruction set v2 is the newest that
# every supported kernel has.
function(sluice_bpf_object source output)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${BPF_CLANG} -target bpf -mcpu=v2 -O2 -g -Wall -Wextra -Werror
            -isystem /usr/include/${BPF_MULTIARCH} -MD -MF ${output}.d -c ${source} -o ${output}
    DEPENDS ${source}
    DEPFILE ${output}.d
    COMMENT "BPF ${source}"
    VERBATIM)
endfunction()

# sluice_bpf_skeleton(NAME SOURCE…): INTERFACE target sluice_NAME, whose users may include
# <NAME.skel.h>; the linked object is NAME.bpf.o in this folder of the build, in the target's
# property BPF_OBJECT.
function(sluice_bpf_skeleton name)
  set(objects)
  foreach(source ${ARGN})
    get_filename_component(base ${source} NAME_WE)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${base}.o)
    sluice_bpf_object(${CMAKE_CURRENT_SOURCE_DIR}/${source} ${object})
    list(APPEND objects ${object})
  endforeach()

  set(linked ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(include_dir ${CMAKE_CURRENT_BINARY_DIR}/include)
  set(skeleton ${include_dir}/${name}.skel.h)
  file(MAKE_DIRECTORY ${include_dir})
  add_custom_command(
    OUTPUT ${linked}
    COMMAND ${BPFTOOL} gen object ${linked} ${objects}
    DEPENDS ${objects}
    VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND sh -c "\"$0\" gen skeleton \"$1\" name \"$2\" > \"$3.new\" && mv \"$3.new\" \"$3\""
            ${BPFTOOL} ${linked} ${name} ${skeleton}
    DEPENDS ${linked}
    VERBATIM)

  add_custom_target(${name}_generated DEPENDS ${skeleton})
  add_library(sluice_${name} INTERFACE)
  add_dependencies(sluice_${name} ${name}_generated)
  target_include_directories(sluice_${name} SYSTEM INTERFACE ${include_dir})
  set_target_properties(sluice_${name} PROPERTIES BPF_OBJECT ${linked})
endfunction()
