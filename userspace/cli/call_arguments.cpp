// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/call_arguments.h"

#include <charconv>

namespace sluice::cli {
namespace {

using routing::ExplainRequest;

Error wrong(const std::string& what, const std::string& hint) {
  return {Error::Code::kInvalid, what, hint};
}

/// "host", "host:80", "[fd00::1]:80", "fd00::1": more colons than one are an address.
Result<void> readTo(const std::string& to, ExplainRequest& call) {
  const Error error = wrong("--to \"" + to + "\" is no HOST[:PORT]",
                            "write it as product-api:80, 10.96.0.1 or [fd00::1]:80");
  const auto colon = to.rfind(':');
  const bool bracketed = to.starts_with('[');
  const bool has_port =
      colon != std::string::npos && (bracketed ? to[colon - 1] == ']' : to.find(':') == colon);
  call.host = has_port ? to.substr(0, colon) : to;
  if (bracketed) {
    if (!call.host.ends_with(']')) return error;
    call.host = call.host.substr(1, call.host.size() - 2);
  }
  if (call.host.empty()) return error;
  if (!has_port) return {};
  uint16_t port = 0;
  const auto* end = to.data() + to.size();
  const auto parsed = std::from_chars(to.data() + colon + 1, end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end || port == 0) return error;
  call.port = port;
  return {};
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

Result<void> readHeader(const std::string& header, ExplainRequest& call) {
  const auto colon = header.find(':');
  if (colon == 0 || colon == std::string::npos)
    return wrong("-H \"" + header + "\" is no header", "write it as -H 'user-group: beta'");
  call.headers.emplace_back(header.substr(0, colon),
                            trimmed(std::string_view(header).substr(colon + 1)));
  return {};
}

}  // namespace

Result<ExplainRequest> readCall(const ExplainArguments& arguments) {
  ExplainRequest call;
  const auto slash = arguments.from.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == arguments.from.size())
    return wrong("--from \"" + arguments.from + "\" is no NAMESPACE/WORKLOAD",
                 "sluicectl get workloads lists the clients of this node");
  call.from = arguments.from;
  SLUICE_TRY(readTo(arguments.to, call));
  call.method = arguments.method;
  call.path = arguments.path;
  call.authority = arguments.authority;
  call.sni = arguments.sni;
  if (!call.sni.empty()) call.protocol = routing::CallProtocol::kTls;
  if (const auto named = routing::callProtocolNamed(arguments.proto)) call.protocol = *named;
  for (const auto& header : arguments.headers) SLUICE_TRY(readHeader(header, call));
  return call;
}

}  // namespace sluice::cli
