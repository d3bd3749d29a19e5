// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http2/received_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "userspace/proxy/http1/head.h"
#include "userspace/proxy/http1/reason.h"

namespace sluice::http2 {

namespace {

constexpr size_t kFieldOverhead = 32;

/// RFC 9113 §8.2.2: they speak of a connection, and HTTP/2 has its own ways.
bool isConnectionSpecific(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames{"connection",       "keep-alive",
                                                   "proxy-connection", "transfer-encoding",
                                                   "upgrade",          "http2-settings"};
  return std::ranges::find(kNames, name) != kNames.end();
}

void appendLine(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool hasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

void ReceivedHead::add(std::string_view name, std::string_view value) {
  size_ += name.size() + value.size() + kFieldOverhead;
  if (tooLarge()) return;
  if (name.starts_with(':')) return addPseudo(name, value);
  addRegular(name, value);
}

void ReceivedHead::clear() {
  ReceivedHead fresh;
  for (const auto text : {&ReceivedHead::method_, &ReceivedHead::path_, &ReceivedHead::authority_,
                          &ReceivedHead::fields_}) {
    if ((this->*text).capacity() > kUsualBytes) continue;
    (this->*text).clear();
    std::swap(fresh.*text, this->*text);
  }
  *this = std::move(fresh);
}

void ReceivedHead::addPseudo(std::string_view name, std::string_view value) {
  if (name == ":method") method_ = value;
  if (name == ":path") path_ = value;
  if (name == ":authority") authority_ = value;
  if (name == ":status") std::from_chars(value.data(), value.data() + value.size(), status_);
}

void ReceivedHead::addRegular(std::string_view name, std::string_view value) {
  if (isConnectionSpecific(name)) return;
  if (name == "host") {
    host_ = value;
  } else if (name == "te") {
    te_trailers_ |= value == "trailers";
  } else if (name == "content-length") {
    content_length_ = value;
  } else if (name == "cookie") {
    // RFC 9113 §8.2.3: crumbs become one field again.
    if (!cookie_.empty()) cookie_.append("; ");
    cookie_.append(value);
  } else {
    grpc_ |= name == "content-type" && value.starts_with("application/grpc");
    appendLine(name, value, fields_);
  }
}

// A body of a known length has no trailers in HTTP/1.1, and gRPC lives by its trailers.
void ReceivedHead::addFraming(bool ended, std::string& out, Framing& framing) const {
  const bool by_length = !content_length_.empty() && (ended || !grpc_);
  framing = ended ? Framing::kNone : by_length ? Framing::kLength : Framing::kChunked;
  if (by_length) appendLine("content-length", content_length_, out);
  if (framing == Framing::kChunked) appendLine("transfer-encoding", "chunked", out);
}

bool ReceivedHead::appendRequest(bool ended, std::string& out, Framing& framing) const {
  const bool asterisk = path_ == "*" && method_ == "OPTIONS";
  const bool connect = method_ == "CONNECT";
  if (!connect && !asterisk && !path_.starts_with('/')) return false;
  out.append(method_).append(" ").append(connect ? authority_ : path_).append(" HTTP/1.1\r\n");
  if (!authority().empty()) appendLine("Host", authority(), out);
  out.append(fields_);
  if (!cookie_.empty()) appendLine("cookie", cookie_, out);
  addFraming(ended, out, framing);
  if (te_trailers_) out.append("te: trailers\r\nconnection: te\r\n");
  out.append("\r\n");
  return true;
}

void ReceivedHead::appendResponse(bool ended, bool bodiless, std::string& out,
                                  Framing& framing) const {
  out.append("HTTP/1.1 ").append(std::to_string(status_)).append(" ");
  out.append(http1::reasonPhrase(status_)).append("\r\n").append(fields_);
  framing = Framing::kNone;
  if (hasNoBody(status_) || bodiless) {
    if (status_ != 204 && status_ >= 200 && !content_length_.empty())
      appendLine("content-length", content_length_, out);
  } else if (ended && content_length_.empty()) {
    appendLine("content-length", "0", out);
  } else {
    addFraming(ended, out, framing);
  }
  out.append("\r\n");
}

}  // namespace sluice::http2
