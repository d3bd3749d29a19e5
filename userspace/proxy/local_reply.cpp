// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/local_reply.h"

#include <fmt/format.h>

#include <ctime>
#include <iterator>

namespace sluice::proxy {

namespace {

// clang-format off: a table.
/// RFC 9110 §15; empty for codes that are not in use here.
const char* reasonPhrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "";
  }
}
// clang-format on

/// RFC 9110 §5.6.7; the process never sets a locale, so the names are English.
void appendDate(std::string& out) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char text[40];
  ::gmtime_r(&now, &parts);
  out.append(text, std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts));
}

/// RFC 9110 §8.6: no Content-Length in 1xx and 204; neither can be an abort's with a body.
bool mayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

void renderReply(const LocalReply& reply, bool close, bool to_head_request, std::string& out) {
  const bool body_allowed = mayHaveBody(reply.status);
  out.clear();
  auto end = std::back_inserter(out);
  fmt::format_to(end, "HTTP/1.1 {} {}\r\n", reply.status, reasonPhrase(reply.status));
  if (body_allowed) fmt::format_to(end, "content-length: {}\r\n", reply.body.size());
  if (body_allowed && !reply.body.empty()) out.append("content-type: text/plain\r\n");
  out.append("date: ");
  appendDate(out);
  out.append(close ? "\r\nconnection: close\r\n\r\n" : "\r\n\r\n");
  if (body_allowed && !to_head_request) out.append(reply.body);
}

}  // namespace sluice::proxy
