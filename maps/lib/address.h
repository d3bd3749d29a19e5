/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as the maps have them: 16 bytes in network byte order, IPv4 as ::ffff:a.b.c.d. */
#ifndef SLUICE_MAPS_LIB_ADDRESS_H
#define SLUICE_MAPS_LIB_ADDRESS_H

#include "portable.h"

#define ADDRESS_SIZE      16
#define ADDRESS_V4_OFFSET 12

static inline int address_is_v4(const __u8 *address)
{
	for (int i = 0; i < 10; i++)
		if (address[i])
			return 0;
	return address[10] == 0xff && address[11] == 0xff;
}

static inline int address_is_zero(const __u8 *address)
{
	for (int i = 0; i < ADDRESS_SIZE; i++)
		if (address[i])
			return 0;
	return 1;
}

/* 0.0.0.0 (v4-mapped) or ::. */
static inline int address_is_any(const __u8 *address)
{
	for (int i = ADDRESS_V4_OFFSET; i < ADDRESS_SIZE; i++)
		if (address[i])
			return 0;
	return address_is_v4(address) || address_is_zero(address);
}

/* 127.0.0.0/8 (v4-mapped) or ::1. */
static inline int address_is_loopback(const __u8 *address)
{
	if (address_is_v4(address))
		return address[ADDRESS_V4_OFFSET] == 127;
	for (int i = 0; i < ADDRESS_SIZE - 1; i++)
		if (address[i])
			return 0;
	return address[ADDRESS_SIZE - 1] == 1;
}

/* The IPv4 address in network byte order; only where address_is_v4(). */
static inline __be32 address_v4(const __u8 *address)
{
	__be32 v4;

	__builtin_memcpy(&v4, address + ADDRESS_V4_OFFSET, sizeof(v4));
	return v4;
}

/* `v4` is in network byte order. */
static inline void address_set_v4(__u8 *address, __be32 v4)
{
	__builtin_memset(address, 0, 10);
	address[10] = 0xff;
	address[11] = 0xff;
	__builtin_memcpy(address + ADDRESS_V4_OFFSET, &v4, sizeof(v4));
}

#endif
