/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SLUICE_TESTS_BPF_DRAW_COUNTS_H
#define SLUICE_TESTS_BPF_DRAW_COUNTS_H

/* Of ids below this. A power of two. */
#define DRAW_TEST_ENDPOINTS 16

#endif
