/* SPDX-License-Identifier: Apache-2.0 */
/* What lets one header be C for the kernel's programs and C++ for everything else. */
#ifndef SLUICE_MAPS_LIB_PORTABLE_H
#define SLUICE_MAPS_LIB_PORTABLE_H

#include <linux/types.h>

#ifdef __cplusplus
#define NARROW(type, value) static_cast<type>(value)
#else
#define NARROW(type, value) ((type)(value))
#endif

#endif
