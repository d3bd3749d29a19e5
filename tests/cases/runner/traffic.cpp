// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/runner/traffic.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "tests/cases/runner/client_hello.h"
#include "tests/cases/runner/yaml_json.h"

namespace sluice::test {
namespace {

using nlohmann::json;

/// Enough for the longest answer of a backend; nothing that hangs should hold up the others.
constexpr auto kPatience = std::chrono::seconds(40);
/// Draws are independent: many at once only saves time.
constexpr size_t kAtOnceForShares = 50;
constexpr size_t kManyRequests = 500;
/// Of a connection about whose bytes nothing is said: neither HTTP nor TLS.
constexpr const char* kSomeBytes = "hello\r\n";

int hexDigit(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

/// "\x00", "\r", "\n", "\t" and "\\" become what they mean.
std::string unescaped(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char kind = text[++i];
    if (kind == 'x' && i + 2 < text.size()) {
      out += static_cast<char>(hexDigit(text[i + 1]) * 16 + hexDigit(text[i + 2]));
      i += 2;
    } else {
      out += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
    }
  }
  return out;
}

HttpHeaders headersOf(const json& fields) {
  HttpHeaders headers;
  for (const auto& [name, value] : fields.items()) {
    if (!value.is_array()) {
      headers.emplace_back(name, scalarText(value));
    } else {
      for (const auto& line : value) headers.emplace_back(name, scalarText(line));
    }
  }
  return headers;
}

HttpRequest httpRequest(const json& request) {
  const std::string to = request.value("to", "");
  HttpRequest http;
  http.method = request.value("method", "GET");
  http.target = request.value("path", "/");
  http.host = request.value("host_header", to.substr(0, to.rfind(':')));
  http.headers = headersOf(request.value("headers", json::object()));
  http.body = request.value("body", "");
  return http;
}

std::string firstBytes(const json& request, const std::string& protocol) {
  if (protocol == "tls") return clientHello(request.value("sni", ""));
  if (!request.contains("first_bytes")) return kSomeBytes;
  return unescaped(scalarText(request.at("first_bytes")));
}

size_t atOnce(const Case& test, size_t exchanges) {
  if (test.request.contains("concurrency")) return test.request.at("concurrency");
  const std::string action = test.expect.value("action", "");
  const bool draws = action == "split" || action == "shares";
  return draws && exchanges >= kManyRequests ? kAtOnceForShares : 1;
}

/// After an ejection: sweeps come in intervals, and the machine may be busy.
constexpr auto kBackPatience = std::chrono::seconds(20);
/// Between requests that only look whether a backend is back.
constexpr auto kLookAgain = std::chrono::milliseconds(20);

/// A backend names itself in a line, and to those who speak HTTP in a field.
std::string servedBy(std::string_view text) {
  constexpr std::string_view kServedBy = "served-by";
  const size_t found = text.find(kServedBy);
  if (found == std::string_view::npos) return {};
  const auto rest = text.substr(found + kServedBy.size());
  const size_t begin = std::min(rest.find_first_not_of(": "), rest.size());
  return std::string(rest.substr(begin, rest.find_first_of("\r\n") - begin));
}

/// A line, or the head of an answer of HTTP.
bool isWhole(std::string_view answer) {
  const bool http = answer.starts_with("HTTP/");
  return answer.find(http ? "\r\n\r\n" : "\n") != std::string_view::npos;
}

/// One client's connection, made when it is needed.
class Talker {
 public:
  explicit Talker(const Traffic& traffic) : traffic_(traffic) {}

  Exchange exchange() {
    return traffic_.protocol == Traffic::Protocol::kHttp ? exchangeHttp() : exchangeBytes();
  }

 private:
  Exchange exchangeHttp() {
    if (traffic_.per_connection > 0 && used_ == traffic_.per_connection) connection_.reset();
    if (!connection_) {
      auto made = HttpConnection::connect(traffic_.to, kPatience);
      if (!made) return {.error = made.error().message()};
      connection_ = *std::move(made);
      used_ = 0;
    }
    ++used_;
    auto response = connection_->exchange(traffic_.request);
    if (!response) {
      connection_.reset();
      return {.error = response.error().message()};
    }
    if (response->head.header("connection") == "close") connection_.reset();
    return {.status = response->status,
            .served_by = response->servedBy(),
            .headers = response->head.headers,
            .body = response->body,
            .took_ms = std::chrono::duration<double, std::milli>(response->took).count()};
  }

  Exchange exchangeBytes() {
    const auto start = std::chrono::steady_clock::now();
    auto socket = connectTcp(traffic_.to, kPatience);
    if (!socket) return {.error = socket.error().message()};
    HttpStream stream(*std::move(socket));
    Exchange exchange;
    if (auto sent = stream.write(traffic_.first_bytes); !sent)
      exchange.error = sent.error().message();
    while (exchange.error.empty() && !isWhole(exchange.body)) {
      auto more = stream.readSome();
      if (!more) exchange.error = more.error().message();
      if (!more || more->empty()) break;
      exchange.body += *more;
    }
    exchange.served_by = servedBy(exchange.body);
    exchange.took_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return exchange;
  }

  const Traffic& traffic_;
  std::optional<HttpConnection> connection_;
  size_t used_ = 0;
};

class Stopwatch {
 public:
  double milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Exchange timed(Talker& talker, const Stopwatch& watch) {
  auto exchange = talker.exchange();
  exchange.ended_ms = watch.milliseconds();
  return exchange;
}

void sendUntilBack(const Traffic& traffic, const Stopwatch& watch,
                   std::vector<Exchange>& exchanges) {
  Talker talker(traffic);
  const double last = watch.milliseconds() + static_cast<double>(traffic.patience.count());
  do {
    std::this_thread::sleep_for(kLookAgain);
    exchanges.push_back(timed(talker, watch));
  } while (exchanges.back().served_by != traffic.back_from && watch.milliseconds() < last);
}

json jsonOf(const Exchange& exchange) {
  auto headers = json::array();
  for (const auto& [name, value] : exchange.headers) headers.push_back({name, value});
  return json::array({exchange.status, exchange.served_by, headers, exchange.body, exchange.took_ms,
                      exchange.error, exchange.ended_ms});
}

Exchange exchangeOf(const json& list) {
  Exchange exchange{.status = list.at(0), .served_by = list.at(1)};
  for (const auto& field : list.at(2)) exchange.headers.emplace_back(field.at(0), field.at(1));
  exchange.body = list.at(3);
  exchange.took_ms = list.at(4);
  exchange.error = list.at(5);
  exchange.ended_ms = list.at(6);
  return exchange;
}

}  // namespace

Result<Traffic> Traffic::from(const Case& test, const SocketAddress& to) {
  const auto& request = test.request;
  const std::string protocol = request.value("proto", "http");
  const size_t count = request.value("count", size_t{1});
  const size_t connections = request.value("connections", size_t{0});
  Traffic traffic{.to = to};
  traffic.exchanges = connections > 0 ? connections * count : count;
  traffic.per_connection = connections > 0 ? count : 0;
  traffic.at_once = atOnce(test, traffic.exchanges);
  if (test.expect.value("action", "") == "eject") {
    traffic.back_from = test.expect.value("endpoint", "");
    traffic.patience =
        std::chrono::milliseconds(test.expect.value("back_after_ms", 0)) + kBackPatience;
  }
  if (protocol == "http") {
    traffic.request = httpRequest(request);
    return traffic;
  }
  if (protocol != "tcp" && protocol != "tls")
    return Error(Error::Code::kInvalid, "the runner does not speak proto " + protocol);
  traffic.protocol = Protocol::kBytes;
  traffic.first_bytes = firstBytes(request, protocol);
  return traffic;
}

std::vector<Exchange> send(const Traffic& traffic) {
  const Stopwatch watch;
  std::vector<Exchange> exchanges(traffic.exchanges);
  std::atomic<size_t> next = 0;
  std::vector<std::thread> talkers;
  const auto count = std::min(traffic.at_once, traffic.exchanges);
  talkers.reserve(count);
  for (size_t i = 0; i < count; ++i)
    talkers.emplace_back([&] {
      Talker talker(traffic);
      for (size_t index = next++; index < exchanges.size(); index = next++)
        exchanges[index] = timed(talker, watch);
    });
  for (auto& talker : talkers) talker.join();
  if (!traffic.back_from.empty()) sendUntilBack(traffic, watch, exchanges);
  return exchanges;
}

std::string textOf(const std::vector<Exchange>& exchanges) {
  auto list = json::array();
  for (const auto& exchange : exchanges) list.push_back(jsonOf(exchange));
  // Bytes that are no UTF-8 come from the network; they only have to be readable.
  return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<std::vector<Exchange>> exchangesOf(const std::string& text) {
  const auto list = json::parse(text, nullptr, false);
  if (list.is_discarded()) return Error(Error::Code::kInvalid, "the client has said: " + text);
  std::vector<Exchange> exchanges;
  for (const auto& item : list) exchanges.push_back(exchangeOf(item));
  return exchanges;
}

}  // namespace sluice::test
