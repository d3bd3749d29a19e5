/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the called service travels to the agent's listener: as a loopback address of its own.
 *
 * 127.0.0.0 + 0x10000 + service id, that is 127.1.0.0 to 127.253.255.255: getsockname() of the
 * accepted socket says which service was called, and each service has its own range of source
 * ports. 127.0.x.y is left to applications, 127.254.0.0/15 to the future.
 */
#ifndef SLUICE_MAPS_ABI_LISTENER_ADDRESS_H
#define SLUICE_MAPS_ABI_LISTENER_ADDRESS_H

#include "types.h"

#define LISTENER_NET    0x7f000000u
#define LISTENER_OFFSET 0x00010000u

/* IPv4 address in host byte order; `service` is at most SLUICE_MAX_SERVICE_ID. */
static inline __u32 listener_address(__u32 service)
{
	return LISTENER_NET + LISTENER_OFFSET + service;
}

/* The service of an address (host byte order); 0 when it carries none. */
static inline __u32 listener_service(__u32 address)
{
	__u32 offset = address - LISTENER_NET - LISTENER_OFFSET;

	return offset <= SLUICE_MAX_SERVICE_ID ? offset : 0;
}

#endif
