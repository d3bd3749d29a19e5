/* SPDX-License-Identifier: Apache-2.0 */
/* Which version of the tables these programs work by. */
#ifndef SLUICE_BPF_LIB_VERSION_H
#define SLUICE_BPF_LIB_VERSION_H

#include <bpf/bpf_helpers.h>

/* Of the tables of these programs: what they write into struct connection. Set by the loader. Weak,
 * as several programs that are linked into one object include it. */
__weak const volatile __u32 edition;

#endif
