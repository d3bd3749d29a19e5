// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "userspace/proxy/channel.h"
#include "userspace/proxy/context.h"
#include "userspace/proxy/exchange.h"
#include "userspace/proxy/flow.h"
#include "userspace/proxy/http2_pool.h"
#include "userspace/proxy/local_reply.h"
#include "userspace/proxy/origin.h"
#include "userspace/proxy/upstream.h"

namespace sluice::proxy {

/// A client's connection: its requests, one after the other.
///
///   kHead -> [kDelayed] -> [kParked] -> [kQueued] -> [kConnecting] -> kRelaying -> kHead …
///              |              |            |          |     ^         |  |  +-> kTunnel
///              |              |            |          | kBackingOff <-+  |
///              +--------------+------------+----------+------------------+-> kReplying -> kHead …
///   every state -> kLingering -> kClosed
///
/// A connection that carries no HTTP, on a port that allows such: [kDetecting] -> kConnecting ->
/// kTunnel. It is one exchange without a request.
///
/// Everything happens in advance(), which repeats step() until nothing moves. The reactor keeps a
/// session alive until the end of the round in which it is closed.
class Session final : public Timed,
                      public ChannelUser,
                      public UpstreamUser,
                      public std::enable_shared_from_this<Session> {
 public:
  enum class State {
    kHead,        ///< waits for a request, or for the rest of its head
    kDetecting,   ///< waits for the bytes that tell the protocol, or the server's name
    kDelayed,     ///< a rule's fault
    kParked,      ///< waits for the configuration that has removed the destination
    kQueued,      ///< waits for one of the server's connections, of which there may be no more
    kConnecting,  ///< waits for a connection to the server
    kBackingOff,  ///< waits until the request is sent again
    kRelaying,    ///< request and response, both at once
    kReplying,    ///< writes an answer of the proxy's own
    kTunnel,      ///< after 101
    kLingering,   ///< has sent everything, reads on so that no reset destroys it on its way
    kClosed,
  };

  /// What carries the requests: a connection all of them, or a stream of HTTP/2 one.
  enum class Carrier { kConnection, kStream };

  Session(Context& context, std::shared_ptr<Channel> client, Carrier carrier, const Origin& origin);

  /// Starts watching the connection.
  Result<void> start();

  Carrier carrier() const { return carrier_; }
  const Origin& origin() const { return origin_; }
  State state() const { return state_; }
  TimePoint since() const { return since_; }
  uint64_t requests() const { return requests_; }
  /// Null while no request has one.
  const ProxyEndpoint* endpoint() const { return exchange_.endpoint; }

  /// Finishes the running request and closes; at once when there is none.
  void drain();
  /// The client sees a reset.
  void abort();

 private:
  // session.cpp: events, ends.
  void channelReady() override;
  void upstreamReady(Upstream& upstream) override;
  void expired() override;
  void advance();
  bool step();
  bool flushReply();
  bool linger();
  void becomeIdle();
  void closeGently();
  void close();
  void clientGone();
  void noteClientGone();
  void dropUpstream();
  void stopTimers();
  RequestRecord record() const;
  void report();
  std::string_view protocolText() const;
  int callStatus() const;
  void finishExchange();
  void reply(const LocalReply& reply);
  void headTimedOut();
  void refuse(http1::Refusal why);
  void refuse(const LocalReply& answer);

  // session_request.cpp: from the first byte to an upstream.
  bool readHead();
  bool parseHead();
  bool handOver();
  void beginExchange(const http1::Parsed& parsed);
  void remember(const http1::RequestHead& head);
  void assumeCalled();
  void route();
  void refreshCalled();
  void findCalled();
  void narrowCalled(const std::string* server_name);
  bool knowsOrigin() const;
  bool routeByHost();
  std::shared_ptr<const ProxyRoute> routeOf(
      const std::shared_ptr<const routing::ServiceRoute>& service) const;
  const ProxyEndpoint* pickEndpoint();
  void chooseEndpoint();
  const ProxyEndpoint* originOf(const ProxyCluster& cluster);
  void connect();
  void opened(uint64_t attempt, Result<Fd> socket);
  void connecting();
  void routeAgain();
  void park();
  void attach(std::shared_ptr<Upstream> upstream);
  void reach();
  const http1::RequestHead& requestHead();

  // session_http2.cpp: servers that speak HTTP/2.
  bool wantsStream() const;
  void chooseStream();
  void streamsMade();

  // session_tls.cpp: destinations that are encrypted.
  Upstream::Key upstreamKey() const;
  bool chooseTransport();
  std::string hostFor(const ProxyCluster& cluster);
  const ChannelFailure* noteTransport();
  void connectFailed();

  // session_l4.cpp: connections that carry no HTTP.
  bool detects() const;
  bool isOpaque() const;
  void begin();
  bool detect();
  bool detected(bool all_there);
  void asBytes(const std::string& server_name, bool tls);
  const ProxyRule& l4Target(const std::string& server_name, bool tls);
  bool coversCalled(const routing::L4Rule& rule) const;
  bool passRawBytesOn();
  void passOn(const ProxyRule& target);
  void passOnAgain();
  void refuseConnection(uint32_t flag);

  // session_rules.cpp: what the rules say, up to the destination.
  void readFields();
  void addMissing();
  std::string nameOfCalled() const;
  std::string_view authorityOf(const http1::RequestHead& head) const;
  routing::RequestView requestView() const;
  const ProxyRule* matchedRule() const;
  void decide();
  bool ruleChangesHead() const;
  bool answerByRule();
  const HeaderEdits* responseEdits() const;
  bool responseNeedsRequest() const;
  bool delay();
  void delayed();
  bool abortByFault();
  void afterFaults();
  bool answerPreflight();
  void toDestination();

  // session_retry.cpp: requests that go out again, and for how long they may.
  const RetryPolicy& retryPolicy() const;
  RetryLimit retryLimit() const;
  RetryLimits::Key retryKey() const;
  std::span<const EndpointId> toAvoid() const;
  std::span<const EndpointId> prioritiesToAvoid() const;
  void tryFailed(TryFailure how, const LocalReply& otherwise);
  bool retryInsteadOf(const http1::Parsed& parsed);
  bool mayRetry(bool covered);
  bool takeRetry();
  void dropResponse(const http1::Parsed& parsed);
  void dropTry();
  void backOff();
  void tryAgain();
  bool retryOnFreshConnection();
  Duration requestTimeout() const;
  Duration tryBudget() const;
  bool shortensGrpcTimeout() const;
  void armTimeout();
  void armTryTimeout();
  void timedOut();
  void tryTimedOut();

  // session_hash.cpp: which endpoint the request itself asks for.
  void hashRequest();

  // session_pool.cpp: what the destination's connection pool allows.
  bool beginAtCluster();
  bool mayWait();
  bool takePlace();
  void waitForPlace(const Upstream::Key& key);
  void myTurn(std::shared_ptr<Upstream> free, ConnectionQueue::Place place);
  void awaitConnection();
  void applyPool(Upstream& upstream, int socket);
  void startTunnelClocks();
  void tunnelMoved();
  void leavePool();
  void overflow();

  // session_outliers.cpp: what an endpoint's failures are reported to.
  void judge(balance::Outcome outcome);
  void judgeAnswer();

  // session_edit.cpp: heads that are not passed on as they came.
  bool rewriteRequestHead();
  bool restoreRequestHead();
  bool replaceRequestHead(std::string_view text);
  void rememberAsSeen();
  void draftFields(const http1::RequestHead& head);
  void writeRequestHead(const http1::RequestHead& head);
  void writeDraft(const http1::RequestHead& head, std::string_view target, std::string_view host);
  bool renewTryFields();
  bool writesTryFields() const;
  void setTryFields(HeadDraft& draft) const;
  void addFields(HeadDraft& draft) const;
  bool addsServiceTime(int status) const;
  int64_t serviceTime() const;
  std::string_view seenTarget(const http1::RequestHead& head);
  std::string_view upstreamTarget(const http1::RequestHead& head);
  FormatInput formatInput(const http1::RequestHead* request, const http1::ResponseHead* response,
                          int status) const;
  std::optional<SocketAddress> calledAddress() const;
  template <typename Visit>
  void withRequestOfCopy(const Visit& visit) const;
  void writeReply(const LocalReply& reply);
  void writeResponseHead(const HeaderEdits* edits, bool close);

  // session_relay.cpp: both directions.
  void startRelay();
  bool headForTry();
  void requestComplete();
  void mirror();
  bool relay();
  Channel::Io readBody(Flow& flow, Channel& from, Channel& to, http1::Body& body);
  bool pumpRequest();
  bool readRequestBody();
  bool clearRequestBody();
  void upstreamLost();
  const LocalReply& serverEnded();
  void giveUpstreamBack();
  bool serverIsQuiet() const;
  bool responseDelivered() const;
  bool finishIfComplete();

  // session_response.cpp: from the server to the client.
  bool pumpResponse();
  bool readResponseHead();
  void informational(const http1::Parsed& parsed);
  void finalHead(const http1::Parsed& parsed);
  void badInterim();
  void switchProtocols(const http1::Parsed& parsed);
  void responseBegins();
  bool passHeadOn(const http1::Parsed& parsed, bool close);
  void headTooLarge();
  void clearResponseBody();
  bool relayResponseBody();
  void responseCut(std::string_view details);
  void count(int status);

  // session_tunnel.cpp: bytes both ways.
  bool tunnel();
  bool pumpTunnel(Flow& flow, Channel& from, Channel& to, uint64_t& bytes, bool& finished);
  void tunnelBroke(const Channel& failed);
  void noteServerGone();
  void tunnelIdle();
  void tunnelTooOld();
  void endTunnel(std::string_view details);

  Context& context_;
  std::shared_ptr<Channel> client_;  ///< null once it is handed over
  const Carrier carrier_;
  const Origin origin_;
  const TimePoint since_;
  State state_ = State::kHead;
  uint64_t requests_ = 0;

  Flow request_;
  Flow response_;
  size_t head_seen_ = 0;  ///< bytes of the incomplete head that the last try has seen
  Exchange exchange_;
  std::shared_ptr<const ProxyRoute> entry_;   ///< by which the kernel has sent the connection
  std::shared_ptr<const ProxyRoute> called_;  ///< the service called: that one, or one of its port
  std::shared_ptr<const ProxyRoute> route_;   ///< the request's: that one, or what its Host names
  const ProxyHosts* hosts_ = nullptr;         ///< of the configuration; null: Host does not matter
  bool by_server_name_ = false;               ///< which service is called shows in the first bytes
  ClientClass client_class_;
  uint64_t route_generation_ = 0;

  std::shared_ptr<Upstream> upstream_;
  Http2Pool::Lead lead_;          ///< connects for all who wait at the pool of HTTP/2
  uint64_t attempt_ = 0;          ///< which answer of Sockets::connect() is still wanted
  EndpointId active_;             ///< counted as busy with our request
  Lease request_lease_;           ///< of the cluster's requests
  Lease pending_lease_;           ///< of those that wait for a connection
  ConnectionQueue::Place place_;  ///< of the connection that is being opened
  ConnectionQueue::Ticket ticket_;
  bool client_finished_ = false;  ///< tunnel: the client's side has been passed on
  bool server_finished_ = false;
};

}  // namespace sluice::proxy
