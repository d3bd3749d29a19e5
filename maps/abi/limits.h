/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SLUICE_MAPS_ABI_LIMITS_H
#define SLUICE_MAPS_ABI_LIMITS_H

/* Number of the layout of everything in maps/abi. Part of the pin path: two versions never share
 * a map of different layout. Raise it with any change of a struct, a key or a map's type. */
#define SLUICE_SCHEMA 4

/* Capacities of the maps. One place; the loader may lower them, never raise them. */
#define SLUICE_MAX_WORKLOADS 4096
#define SLUICE_MAX_SERVICES  32768
#define SLUICE_MAX_BINDINGS  32768
#define SLUICE_MAX_ROUTES    65536
#define SLUICE_MAX_SLOTS     1048576 /* of route_slots and of cluster_slots, each */
#define SLUICE_MAX_CLUSTERS  32768
#define SLUICE_MAX_ENDPOINTS 131072
#define SLUICE_MAX_NAMES     262144
#define SLUICE_MAX_ORIGDST   65536
#define SLUICE_MAX_FAILURES  256
#define SLUICE_EVENTS_BYTES  1048576 /* of the ring `events`: some 10,000 of them */
/* Room for lists that grow (reasons.def, endings.def) without a new schema. */
#define SLUICE_MAX_REASONS 64

/* Service ids travel in the address of the agent's listener (see listener_address.h). */
#define SLUICE_MAX_SERVICE_ID 0xfcffffu

#endif
