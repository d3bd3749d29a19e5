// SPDX-License-Identifier: Apache-2.0
// Connections that carry no HTTP: which rule is theirs, and on to the tunnel.
#include <algorithm>

#include "userspace/proxy/session.h"
#include "userspace/proxy/sniff.h"
#include "userspace/routing/locate.h"

namespace sluice::proxy {

namespace {

using routing::L4Rule;
using routing::Protocol;

bool covers(const L4Rule& rule, const IpAddress& ip) {
  return std::ranges::any_of(rule.subnets, [&](const auto& subnet) { return subnet.contains(ip); });
}

}  // namespace

/// Whether the first bytes decide: what TLS clients call, and what speaks on an undeclared port.
bool Session::detects() const {
  if (!called_) return false;
  if (called_->route->whole_port) return by_server_name_;
  return called_->route->protocol == Protocol::kUnknown ||
         called_->route->protocol == Protocol::kTls;
}

/// Whether nothing of the bytes decides.
bool Session::isOpaque() const {
  if (!called_ || hosts_ != nullptr) return false;
  if (called_->route->whole_port) return !by_server_name_;
  return called_->route->protocol == Protocol::kTcp;
}

void Session::begin() {
  if (carrier_ == Carrier::kStream) return becomeIdle();
  refreshCalled();
  if (isOpaque()) return asBytes({}, false);
  state_ = detects() ? State::kDetecting : State::kHead;
  (detects() ? context_.detecting : context_.idle).join(*this);
}

bool Session::detect() {
  const bool had_none = request_.buffer().empty();
  const Channel::Io io = request_.readFrom(*client_);
  const bool ended = io == Channel::Io::kEnd || io == Channel::Io::kFailed;
  if (ended && request_.buffer().empty()) {
    close();
    return false;
  }
  // Who has begun to speak may take the time that a head may take.
  if (had_none && !request_.buffer().empty()) context_.reading_head.join(*this);
  return detected(ended) || io == Channel::Io::kProgress;
}

/// Whether it is known what is spoken. `all_there`: it must be decided now.
bool Session::detected(bool all_there) {
  const auto bytes = request_.buffer().data();
  const Spoken spoken = sniff(bytes);
  if (spoken == Spoken::kNotYet && !all_there) return false;
  ClientHello hello;
  if (spoken == Spoken::kTls) hello = readClientHello(bytes);
  if (spoken == Spoken::kTls && !hello.complete && !all_there) return false;
  leave();
  refreshCalled();
  narrowCalled(&hello.server_name);
  const bool http = spoken == Spoken::kHttp1 || spoken == Spoken::kHttp2;
  if (!called_ || (http && called_->route->protocol == Protocol::kUnknown))
    becomeIdle();
  else
    asBytes(hello.server_name, spoken == Spoken::kTls);
  return true;
}

void Session::asBytes(const std::string& server_name, bool tls) {
  route_ = called_;
  if (context_.observers.log != nullptr) exchange_.logged.server_name = server_name;
  passOn(l4Target(server_name, tls));
}

bool Session::coversCalled(const L4Rule& rule) const {
  if (rule.subnets.empty()) return true;
  if (knowsOrigin()) return covers(rule, origin_.called->ip);
  return std::ranges::any_of(route_->route->vips, [&](const auto& ip) { return covers(rule, ip); });
}

/// Istio: tls rules concern TLS, tcp rules everything. When none fits, the service's default; where
/// there are tls rules, the address that was called.
const ProxyRule& Session::l4Target(const std::string& server_name, bool tls) {
  for (const auto& rule : route_->l4_rules) {
    const L4Rule& match = *rule->match;
    const bool fits = match.kind == L4Rule::Kind::kTcp ||
                      (tls && routing::coversServerName(match.sni_hosts, server_name));
    if (fits && coversCalled(match)) return rule->target;
  }
  const bool goes_on = route_->route->protocol == Protocol::kTls && !route_->l4_rules.empty();
  if (goes_on && entry_->route->whole_port) route_ = entry_;
  return route_->plain;
}

/// Istio: on a declared HTTP port bytes that are no HTTP go on to the address called, past the
/// rules. False where this is not so.
bool Session::passRawBytesOn() {
  const bool open = hosts_ != nullptr && !hosts_->registry_only && requests_ == 0;
  const Spoken spoken = sniff(request_.buffer().data());
  if (!open || (spoken != Spoken::kOther && spoken != Spoken::kTls)) return false;
  route_ = called_;
  passOn(route_->plain);
  return true;
}

void Session::passOn(const ProxyRule& target) {
  leave();
  ++requests_;
  exchange_.started = context_.reactor.now();
  exchange_.opaque = true;
  exchange_.fresh_connection_only = true;
  exchange_.rule = &target;
  exchange_.cluster = context_.balancer.drawCluster(target);
  if (!exchange_.rerouted) context_.observers.tellOpened(record());
  toDestination();
}

/// What it was meant for is gone: by the newer rules, from the bytes that are still here.
void Session::passOnAgain() {
  refreshCalled();
  if (!called_) return refuseConnection(ResponseFlags::kNoRoute);
  if (isOpaque()) return asBytes({}, false);
  detected(true);
}

/// The only answer that a protocol unknown to us allows.
void Session::refuseConnection(uint32_t flag) {
  exchange_.flags.add(flag);
  report();
  abort();
}

}  // namespace sluice::proxy
