/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a closed TCP connection tells. Its payload: the kernel's tcp_sock counts sequence numbers,
 * in which SYN and FIN take one each: bytes_acked of a client has its SYN, and its FIN once that is
 * acknowledged; bytes_received has the peer's FIN. Exact for connections that ended in order;
 * one byte less for those that were reset while they waited for the peer's FIN.
 */
#ifndef SLUICE_MAPS_LIB_TCP_BYTES_H
#define SLUICE_MAPS_LIB_TCP_BYTES_H

#include "portable.h"

/* Numbers of include/net/tcp_states.h; uapi calls them BPF_TCP_*. */
enum tcp_close_state {
	TCP_CLOSED_IN_FIN_WAIT1 = 4,
	TCP_CLOSED_IN_FIN_WAIT2 = 5,
	TCP_CLOSED_IN_CLOSE_WAIT = 8,
	TCP_CLOSED_IN_LAST_ACK = 9,
	TCP_CLOSED_IN_CLOSING = 11,
};

/* Whether a connection that ended in SYN_SENT ended before its peer answered (a refusal is an
 * answer) and before the first SYN was repeated, after a second: by the client, then, or by an ICMP
 * error that came at once. */
static inline int tcp_peer_had_no_chance(__u32 segments_in, __u32 retransmissions)
{
	return !segments_in && !retransmissions;
}

static inline __u64 less_at_most(__u64 value, __u64 less)
{
	return value > less ? value - less : 0;
}

/* `all_acked`: snd_una == snd_nxt. */
static inline __u64 tcp_sent_payload(__u64 bytes_acked, __u32 last_state, int all_acked)
{
	int fin_sent = last_state == TCP_CLOSED_IN_FIN_WAIT1 ||
		       last_state == TCP_CLOSED_IN_FIN_WAIT2 ||
		       last_state == TCP_CLOSED_IN_LAST_ACK || last_state == TCP_CLOSED_IN_CLOSING;

	return less_at_most(bytes_acked, fin_sent && all_acked ? 2 : 1);
}

static inline __u64 tcp_received_payload(__u64 bytes_received, __u32 last_state)
{
	int fin_received =
		last_state == TCP_CLOSED_IN_FIN_WAIT2 || last_state == TCP_CLOSED_IN_CLOSE_WAIT ||
		last_state == TCP_CLOSED_IN_LAST_ACK || last_state == TCP_CLOSED_IN_CLOSING;

	return less_at_most(bytes_received, fin_received ? 1 : 0);
}

#endif
