/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structs that the kernel programs and user space share. Plain C, explicit padding, no bool,
 * enum or pointer. Addresses are 16 bytes in network byte order, IPv4 as v4-mapped
 * (::ffff:a.b.c.d). Integers are in host byte order unless they are __be.
 *
 * How the pieces refer to each other, from a connect() on:
 *
 *   workloads[id]                         who calls, and where the agent listens for it
 *   services[{address, port}]             which service was called, and its default binding
 *   exceptions[{service, class}]          another binding for some clients
 *   bindings[binding] -> route            the only thing that changes when a rule changes
 *   routes[route]                         immutable once a binding names it
 *     route_slots[first..first+count)     alias table over clusters
 *   clusters[cluster]                     policy and slot range, one 64-bit word
 *     cluster_slots[first..first+count)   alias table over endpoints
 *   endpoints[endpoint]                   immutable while a slot names it
 *
 * Whoever writes goes from the bottom to the top; whoever reads goes from the top to the bottom.
 * The two words that flip, binding and cluster_ref, are 8 bytes and written by one store, so one
 * lookup sees the old version or the new one. Ids and ranges are used again only after a grace
 * period in which no program can still hold them.
 */
#ifndef SLUICE_MAPS_ABI_TYPES_H
#define SLUICE_MAPS_ABI_TYPES_H

#include <linux/types.h>

#include "limits.h"

enum sluice_reason {
#define REASON(id, label, text) REASON_##id,
#include "reasons.def"
#undef REASON
	REASON_COUNT
};

enum sluice_ending {
#define ENDING(id, label, text) ENDING_##id,
#include "endings.def"
#undef ENDING
	ENDING_COUNT
};

enum sluice_event {
#define EVENT(id, label, text) EVENT_##id,
#include "events.def"
#undef EVENT
	EVENT_COUNT
};

enum sluice_site {
#define SITE(id, file, helper) SITE_##id,
#include "sites.def"
#undef SITE
	SITE_COUNT
};

/* Value of `workload`, the cgroup storage of each attachment. Frozen for ever: a program that is
 * swapped into a link keeps the storage of its predecessor. */
struct workload_ref {
	__u64 id;
};

/* Value of `workloads`, key: workload id (__u64). */
struct workload {
	__u64 netns_cookie; /* of the workload's network namespace; 0: unknown */
	__u32 client_class; /* key part of `exceptions` */
	__be16 listener4;   /* port of the listener on 127.0.0.0/8; 0: none */
	__be16 listener6;   /* port of the listener on [::1]; 0: none */
	__be16 alive;       /* port on 127.0.0.1 that listens as long as the broker lives */
	__be16 pad;
	__u32 flags;       /* none yet */
	__u8 address4[16]; /* what getsockname() answers on proxied connections; v4-mapped */
	__u8 address6[16]; /* the same for IPv6; zero: unknown */
};

/* Key of `services`. The address 0.0.0.0 (v4-mapped) or :: stands for every address of its family
 * that has no key of its own for the port, loopback excepted. */
struct service_key {
	__u8 address[16];
	__be16 port;
	__u8 protocol; /* IPPROTO_TCP */
	__u8 pad;
};

/* Value of `services`. Written once per key, never updated in place. */
struct service {
	__u32 id;
	__u32 binding; /* of clients that have no exception */
};

/* Key of `exceptions`; the value is a binding (__u32). */
struct exception_key {
	__u32 service;
	__u32 client_class;
};

/* Element of `bindings`. 8 bytes, aligned, written by one store. */
struct binding {
	__u32 route; /* 0: none */
	__u32 shape; /* cluster << 8 | BINDING_* */
} __attribute__((aligned(8)));

#define BINDING_HAS_EXCEPTIONS 1u /* look into `exceptions` before using this one */
/* All that connect() needs of a route ROUTE_VIA_ENDPOINT with this cluster alone, so that it
 * touches neither the route nor its slots; 0: it has to look. */
#define BINDING_CLUSTER(shape) ((shape) >> 8)

enum route_via {
	ROUTE_VIA_NONE = 0, /* not written yet: refuse */
	ROUTE_VIA_ENDPOINT, /* connect path */
	ROUTE_VIA_PROXY,    /* the agent's listener */
	ROUTE_PASSTHROUGH,  /* leave the connection alone */
};

#define ROUTE_FAIL_OPEN 1u /* via proxy, no listener: use `fallback` instead of refusing */
#define ROUTE_TELL_ORIGIN                                                       \
	2u /* via proxy: which of its addresses was called is in `origdst`, and \
	    * the proxy may connect there */
/* What the broker does to connections of the connect path: */
#define ROUTE_DRAIN_IDLE 4u  /* if their destination has left the route: ends them when idle */
#define ROUTE_DRAIN_NOW  8u  /* the same, whatever they are doing */
#define ROUTE_REBALANCE  16u /* if their destination has too many: ends some when idle */

/* Element of `routes`. Never changed while a binding may name it. */
struct route {
	__u8 via;   /* enum route_via */
	__u8 flags; /* ROUTE_* */
	__u16 pad;
	__u32 service;
	__u32 client_class; /* for whom it was compiled; the broker checks it */
	__u32 first_slot;   /* in route_slots: the alias table over clusters */
	__u32 slot_count;   /* via proxy: every cluster that the proxy may use, in any order */
	__u32 fallback;     /* cluster that serves when the proxy is gone; 0: none */
};

/* Element of `route_slots` and `cluster_slots`: one slot of an alias table (Vose 1991).
 * A draw below `threshold` takes `own`, any other takes `alias`. */
struct alias_slot {
	__u64 threshold; /* of 2^64; all ones: always `own` */
	__u32 own;
	__u32 alias;
};

enum balance_policy {
	BALANCE_RANDOM = 0,
	BALANCE_ROUND_ROBIN,
	BALANCE_LEAST_REQUEST, /* fewer live connections of two random choices */
	BALANCE_CLIENT,        /* the same client, the same endpoint, while the slots stay */
};

/* Element of `clusters`. 8 bytes, aligned, written by one store. */
struct cluster_ref {
	__u32 first_slot; /* in cluster_slots */
	__u32 shape;      /* slot count << 8 | CLUSTER_EXISTS | enum balance_policy */
} __attribute__((aligned(8)));

#define CLUSTER_EXISTS        0x80u /* unset: no such cluster; set with count 0: no endpoint */
#define CLUSTER_COUNT(shape)  ((shape) >> 8)
#define CLUSTER_POLICY(shape) ((shape) & 0x7f)

#define ENDPOINT_GONE 1u /* it no longer exists: what is connected to it may be reset */
#define ENDPOINT_POD  2u /* of a pod or a WorkloadEntry, of which one sees when it is gone */

/* Element of `endpoints`. Never changed while a slot may name it, but for its flags. */
struct endpoint {
	__u8 address[16];
	__be16 port;
	__u16 pad;
	__u32 flags; /* ENDPOINT_* */
};

/* Element of `ep_load`: what an endpoint is busy with, for BALANCE_LEAST_REQUEST. All writers add
 * atomically, each to its half. */
struct endpoint_load {
	__s32 connections; /* live ones of the connect path: by the kernel, and by the broker for
			    * workloads that it detaches or attaches again; below 0: none */
	__u32 requests;    /* of the proxy, and its tunnels, under way: by the agent */
} __attribute__((aligned(8)));

/* Element of service_stats (by binding), cluster_stats and ep_stats: by the kernel, with atomic
 * adds; `reset` by the broker. Not per CPU: a node with 64 CPUs would spend 800 MB to save a few
 * adds per connection. 64 bytes: one line of the cache. */
struct connection_stats {
	__u64 opened; /* SYNs sent there, repeated ones not counted */
	__u64 established;
	__u64 failed;         /* the peer refused or did not answer */
	__u64 closed;         /* closed after they were established */
	__u64 sent_bytes;     /* acknowledged by the peer; counted at close */
	__u64 received_bytes; /* counted at close */
	__u64 given_up;       /* closed by the client before the peer could answer */
	__u64 reset;          /* ended by the broker, see endings.def; counted in closed as well */
};

/* Element of service_reqs (by binding), cluster_reqs and ep_reqs: by the proxy, shared memory. */
struct request_stats {
	__u64 requests;
	__u64 responses[6]; /* by status / 100; [0]: no response */
	__u64 upstream_connections;
};

#define CONN_PROXIED     1u  /* the socket's real peer is the agent's listener */
#define CONN_COUNTED     2u  /* established was seen: ep_load has one for it */
#define CONN_TELL_ORIGIN 4u  /* the route says ROUTE_TELL_ORIGIN */
#define CONN_SAMPLED     8u  /* one of those of which `events` tells */
#define CONN_OVER        16u /* closed: means nothing any more, until the next connect() */

/* Value of `conn_store`, the storage of a steered socket. Frozen for ever, as struct workload_ref:
 * sockets keep it across upgrades, and are to show the same address to the end. The ids
 * mean something to programs of its `edition` alone: they are those of its tables. */
struct connection {
	__u8 address[16]; /* the destination that the application named */
	__be16 port;
	__u16 reason; /* enum sluice_reason */
	__u32 flags;  /* CONN_* */
	__u64 workload;
	__u32 service;
	__u32 binding;
	__u32 route;
	__u32 cluster;  /* 0 when proxied */
	__u32 endpoint; /* 0 when proxied */
	__u32 edition; /* of the programs that steered it: struct control; schema 1 wrote 0, 2 wrote
			  2 */
	__u64 opened_ns; /* CLOCK_MONOTONIC when the SYN was sent; 0: not yet */
};

/* Key of `origdst`, which is frozen for ever as well, so that an agent learns from the programs of
 * any version what was called: a proxied connection as the agent's listener sees it. Every IPv6 one
 * is in it, and those of routes that say ROUTE_TELL_ORIGIN. */
struct origdst_key {
	__u64 workload;
	__u8 client[16]; /* peer address of the accepted socket; v4-mapped */
	__be16 client_port;
	__be16 listener_port;
	__u32 pad;
};

/* Value of `origdst`. */
struct origdst {
	__u8 address[16];
	__be16 port;
	__u16 pad;
	__u32 service;
};

/* Key of `names`: an id that outlives the agent. */
enum name_kind { NAME_SERVICE = 1, NAME_BINDING, NAME_CLUSTER, NAME_ENDPOINT, NAME_ROUTE };

struct name_key {
	__u32 kind; /* enum name_kind */
	__u32 id;
};

#define SLUICE_NAME_SIZE 240

/* Value of `names`. */
struct name {
	__u64 hash; /* of the whole name (maps/lib/hash.h), which may be longer than text */
	__u64 generation;
	char text[SLUICE_NAME_SIZE]; /* NUL-terminated, cut when longer */
};

/* Key of `failures`: a helper of the kernel that failed for one of our programs. */
struct failure_key {
	__u16 site; /* enum sluice_site */
	__u16 line;
	__s32 error; /* negative errno; 0: the helper does not tell */
};

/* Value of `failures`. */
struct failure {
	__u64 count;
	__u64 last_ns; /* CLOCK_MONOTONIC */
};

/* Element of the ring `events`, which is made anew whenever programs are loaded: its layout belongs
 * to them, not to a schema. Ids are 0 where nothing was chosen. */
struct event {
	__u64 time_ns;        /* CLOCK_MONOTONIC */
	__u64 socket;         /* its cookie: events of one connection have the same */
	__u64 workload;       /* 0: none */
	__u64 duration_ns;    /* since the SYN was sent */
	__u64 sent_bytes;     /* of EVENT_CLOSED alone; as in connection_stats */
	__u64 received_bytes; /* of EVENT_CLOSED alone; as in connection_stats */
	__u8 address[16];     /* the destination that the application named */
	__be16 port;
	__u16 kind;   /* enum sluice_event */
	__u16 reason; /* enum sluice_reason */
	__u16 pad;
	__u32 service;
	__u32 route;
	__u32 cluster;  /* 0 when proxied */
	__u32 endpoint; /* 0 when proxied */
};

/* The single element of `control`. */
struct control {
	__u32 schema;       /* SLUICE_SCHEMA */
	__u32 sample;       /* `events` tells of one of so many connections; 0: of none */
	__u64 heartbeat_ns; /* CLOCK_MONOTONIC of the agent's last sign of life */
	__u64 revision;     /* of the configuration that the maps hold */
	__u32 edition;      /* number << 8 | schema: tables that were made anew have another */
	__u32 pad;
};

#endif
