// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/protocol.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

using Word = std::pair<std::string_view, Protocol>;

/// Istio's names; HTTPS is opaque to us, and the database protocols are plain TCP.
constexpr std::array<Word, 10> kWords{{
    {"http", Protocol::kHttp},
    {"http2", Protocol::kHttp2},
    {"grpc", Protocol::kGrpc},
    {"grpc-web", Protocol::kHttp},
    {"https", Protocol::kTls},
    {"tls", Protocol::kTls},
    {"tcp", Protocol::kTcp},
    {"mongo", Protocol::kTcp},
    {"redis", Protocol::kTcp},
    {"mysql", Protocol::kTcp},
}};

/// Kubernetes' names, of appProtocol alone.
constexpr std::array<Word, 3> kKubernetesWords{{
    {"kubernetes.io/h2c", Protocol::kHttp2},
    {"kubernetes.io/ws", Protocol::kHttp},
    {"kubernetes.io/wss", Protocol::kTls},
}};

template <size_t size>
std::optional<Protocol> lookUp(const std::array<Word, size>& words, std::string_view wanted) {
  const auto found = std::ranges::find(words, wanted, &Word::first);
  return found == words.end() ? std::nullopt : std::optional(found->second);
}

/// Istio: ports whose servers speak first, so that nothing can be detected on them.
bool isWellKnownTcp(uint16_t port) {
  return port == 25 || port == 53 || port == 3306 || port == 27017;
}

/// "grpc-web" has a dash itself.
std::string_view protocolWord(std::string_view name) {
  constexpr std::string_view kGrpcWeb = "grpc-web";
  return name.starts_with(kGrpcWeb) ? kGrpcWeb : name.substr(0, name.find('-'));
}

}  // namespace

Protocol protocolOf(const ServicePort& port) {
  if (const auto known = lookUp(kKubernetesWords, port.app_protocol)) return *known;
  const auto name = toLower(port.app_protocol.empty() ? port.name : port.app_protocol);
  if (const auto known = lookUp(kWords, protocolWord(name))) return *known;
  return isWellKnownTcp(port.port) ? Protocol::kTcp : Protocol::kUnknown;
}

Protocol protocolNamed(std::string_view name) {
  return lookUp(kWords, toLower(name)).value_or(Protocol::kUnknown);
}

bool isHttp(Protocol protocol) {
  return protocol == Protocol::kHttp || protocol == Protocol::kHttp2 || protocol == Protocol::kGrpc;
}

}  // namespace sluice::routing
