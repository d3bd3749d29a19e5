// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/checking_client.h"

#include <fmt/format.h>

#include <cerrno>

namespace sluice::test {

CheckingClient::CheckingClient(const SocketAddress& service, Habits habits)
    : service_(service), habits_(std::move(habits)), thread_([this] { run(); }) {}

void CheckingClient::stop() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

Result<void> CheckingClient::verdict(uint64_t at_least) const {
  if (!outcome_) return Error(outcome_.error()).in("client under load");
  if (requests_ >= at_least) return {};
  return Error(Error::Code::kInvalid,
               fmt::format("a client under load sent only {} requests", requests_));
}

void CheckingClient::run() {
  while (!done()) {
    auto connection = HttpConnection::connect(service_);
    if (!connection) {
      if (isLoss(connection.error())) continue;
      outcome_ = std::move(connection).error();
      return;
    }
    const uint64_t last = requests_ + habits_.requests_per_connection;
    do {
      outcome_ = once(*connection);
      ++requests_;
    } while (!done() && !closes_ && requests_ != last);
  }
}

/// Whether it is no answer at all, and may be.
bool CheckingClient::isLoss(const Error& error) const {
  const bool hung = error.errnum() == EAGAIN || error.errnum() == ETIMEDOUT;
  if (!habits_.may_lose || hung) return false;
  std::this_thread::sleep_for(std::chrono::milliseconds(5));  // not all the time
  return true;
}

Result<void> CheckingClient::once(HttpConnection& connection) {
  HttpRequest request;
  request.method = "POST";
  request.target = habits_.target;
  request.headers = habits_.headers;
  request.body = patternBytes(requests_ * 977, 100 + requests_ % 5000);
  request.chunked = requests_ % 3 == 0;
  const auto response = connection.exchange(request);
  closes_ = !response;
  if (!response && isLoss(response.error())) return {};
  if (!response) return Error(response.error()).in(fmt::format("request {}", requests_));
  closes_ = response->head.header("connection") == "close";
  const bool right = habits_.statuses.contains(response->status);
  if (right && (response->status != 200 || response->body == request.body)) return {};
  return Error(Error::Code::kInvalid,
               fmt::format("request {}: status {}, {} of {} bytes", requests_, response->status,
                           response->body.size(), request.body.size()));
}

}  // namespace sluice::test
