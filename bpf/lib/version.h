/* SPDX-License-Identifier: Apache-2.0 */
/* Which version of the tables these programs work by. */
#ifndef SLUICE_BPF_LIB_VERSION_H
#define SLUICE_BPF_LIB_VERSION_H

#include <bpf/bpf_helpers.h>

#include "../../maps/abi/limits.h"

/* SLUICE_SCHEMA; set by the loader, so that a test can be two versions. Weak, as several programs
 * that are linked into one object include it. */
__weak const volatile __u32 schema = SLUICE_SCHEMA;

#endif
