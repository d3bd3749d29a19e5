/* SPDX-License-Identifier: Apache-2.0 */
/* FNV-1a, 64 bits: ids of workloads, names in `names`. Not for what an attacker may choose. */
#ifndef SLUICE_MAPS_LIB_HASH_H
#define SLUICE_MAPS_LIB_HASH_H

#include "portable.h"

#define FNV1A64_OFFSET 0xcbf29ce484222325ULL
#define FNV1A64_PRIME  0x100000001b3ULL

/* Goes on from `hash`, which is FNV1A64_OFFSET at the start of a text. */
static inline __u64 fnv1a64_more(__u64 hash, const char *text, __u64 size)
{
	for (__u64 i = 0; i < size; i++)
		hash = (hash ^ NARROW(__u8, text[i])) * FNV1A64_PRIME;
	return hash;
}

static inline __u64 fnv1a64(const char *text, __u64 size)
{
	return fnv1a64_more(FNV1A64_OFFSET, text, size);
}

/* Spreads a number over all 64 bits (the finalizer of SplitMix64). */
static inline __u64 mix64(__u64 value)
{
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
	return value ^ (value >> 31);
}

#endif
