// SPDX-License-Identifier: Apache-2.0
/* Read by gate.bpf.c and by gate.cpp. */
#ifndef SLUICE_TESTS_CASES_DOOR_H
#define SLUICE_TESTS_CASES_DOOR_H

#include <linux/types.h>

#define GATE_DOORS 4096
#define GATE_REFUSALS 4096

/* An address that takes connections. */
/* NOLINTBEGIN(readability-identifier-naming): the kernel's names */
struct door_key {
  __u32 address; /* network byte order */
  __u32 port;    /* host byte order */
};

struct door {
  __u64 attempts; /* connections that were tried, refused ones included */
  __u64 closed;   /* not 0: all are refused */
};
/* NOLINTEND(readability-identifier-naming) */

#endif
