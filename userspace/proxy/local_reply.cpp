// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/local_reply.h"

#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "userspace/model/grpc_status.h"
#include "userspace/proxy/http1/reason.h"

namespace sluice::proxy {

namespace {

/// RFC 9110 §5.6.7; the process never sets a locale, so the names are English.
std::string dateText() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char text[40];
  ::gmtime_r(&now, &parts);
  return {text, std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

/// As gRPC's grpc-message has it: printable ASCII but "%".
std::string percentEncoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%')
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<uint8_t>(c));
  }
  return out;
}

void addGrpcFields(const LocalReply& reply, HeadDraft& draft) {
  draft.add("content-type", "application/grpc");
  draft.addOwned("grpc-status", std::to_string(grpcStatusOf(reply)));
  if (!reply.body.empty()) draft.addOwned("grpc-message", percentEncoded(reply.body));
}

/// RFC 9110 §8.6: no Content-Length in 1xx and 204; neither can be an abort's with a body.
bool mayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

const LocalReply& replyTo(Channel::Ending ending) {
  switch (ending) {
    case Channel::Ending::kClosed:
      return kTermination;
    case Channel::Ending::kReset:
      return kRemoteReset;
    case Channel::Ending::kRefused:
      return kRemoteRefused;
    case Channel::Ending::kMalformed:
      break;
  }
  return kProtocolError;
}

std::string_view detailsOfCut(Channel::Ending ending) {
  switch (ending) {
    case Channel::Ending::kClosed:
      return "upstream_reset_after_response_started{connection_termination}";
    case Channel::Ending::kReset:
      return "upstream_reset_after_response_started{remote_reset}";
    case Channel::Ending::kRefused:
      return "upstream_reset_after_response_started{remote_refused_stream_reset}";
    case Channel::Ending::kMalformed:
      break;
  }
  return details::kCutByProtocol;
}

// clang-format off: a table.
int grpcStatusOf(int http_status) {
  switch (http_status) {
    case 400: return 13;  // INTERNAL
    case 401: return 16;  // UNAUTHENTICATED
    case 403: return 7;   // PERMISSION_DENIED
    case 404: return 12;  // UNIMPLEMENTED
    case 429: case 502: case 503: case 504: return 14;  // UNAVAILABLE
    default: return kGrpcUnknown;
  }
}
// clang-format on

int grpcStatusOf(const LocalReply& reply) {
  return reply.grpc_status < 0 ? grpcStatusOf(reply.status) : reply.grpc_status;
}

int statusOf(const LocalReply& reply, bool grpc) { return grpc ? 200 : reply.status; }

void renderReply(const LocalReply& reply, const ReplyForm& form, HeadDraft& draft,
                 std::string& out) {
  const int status = statusOf(reply, form.grpc);
  const bool body_allowed = mayHaveBody(status);
  const std::string_view body = form.grpc ? std::string_view() : reply.body;
  draft.clear();
  if (!reply.location.empty()) draft.add("location", reply.location);
  if (form.grpc) addGrpcFields(reply, draft);
  if (reply.overloaded) draft.add("x-envoy-overloaded", "true");
  if (form.edits != nullptr) form.edits->apply(draft, form.input);
  if (form.cors != nullptr) draft.setAll(*form.cors);
  if (body_allowed) draft.addOwned("content-length", std::to_string(body.size()));
  // Envoy: the rule's type wins.
  if (body_allowed && !body.empty() && !draft.has("content-type"))
    draft.add("content-type", "text/plain");
  draft.addOwned("date", dateText());
  if (!reply.upgrade.empty()) draft.add("upgrade", reply.upgrade);
  if (!reply.upgrade.empty()) draft.add("connection", "upgrade");
  if (form.close) draft.add("connection", "close");

  out.clear();
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status,
                 http1::reasonPhrase(status));
  draft.appendTo(out);
  out.append("\r\n");
  if (body_allowed && !form.to_head_request) out.append(body);
}

}  // namespace sluice::proxy
