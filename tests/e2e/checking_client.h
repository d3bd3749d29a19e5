// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <set>
#include <string>
#include <thread>

#include "tests/support/http_client.h"

namespace sluice::test {

/// A thread that sends requests with bodies, one after the other, and checks each answer, until it
/// is told to stop. Belongs where the process is that makes it: use it within Lab::inside().
class CheckingClient {
 public:
  struct Habits {
    std::string target = "/echo";
    HttpHeaders headers = {};              ///< of each request
    std::set<int> statuses = {200};        ///< that are right; 200 with the request's body
    uint64_t requests_per_connection = 0;  ///< 0: one, until the server closes it
    bool may_lose = false;  ///< a connection may be refused or break; no answer may be wrong
  };

  CheckingClient(const SocketAddress& service, Habits habits);
  explicit CheckingClient(const SocketAddress& service) : CheckingClient(service, Habits{}) {}
  ~CheckingClient() { stop(); }
  CheckingClient(const CheckingClient&) = delete;
  CheckingClient& operator=(const CheckingClient&) = delete;

  void stop();

  /// After stop(): an error when an answer was wrong, or fewer than `at_least` requests were sent.
  Result<void> verdict(uint64_t at_least) const;

 private:
  void run();
  Result<void> once(HttpConnection& connection);
  bool isLoss(const Error& error) const;
  bool done() const { return stopped_ || !outcome_.ok(); }

  const SocketAddress service_;
  const Habits habits_;
  std::atomic<bool> stopped_ = false;
  Result<void> outcome_;
  uint64_t requests_ = 0;
  bool closes_ = false;  ///< the last answer said that its connection does
  std::thread thread_;
};

}  // namespace sluice::test
