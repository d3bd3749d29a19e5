// SPDX-License-Identifier: Apache-2.0
// What it costs to find the rule of a request, by the number of rules: the compiled tables, the
// plain walk over the conditions, and RE2::Set over the paths alone, which is what a router that
// is made of regular expressions would ask first.
#include <fmt/format.h>
#include <re2/set.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "userspace/routing/matcher.h"
#include "userspace/routing/matcher_reference.h"

namespace sluice::test {
namespace {

using Clock = std::chrono::steady_clock;
using routing::HeaderView;
using routing::Matcher;
using routing::ReferenceMatcher;
using routing::RequestView;
using routing::Rule;

constexpr size_t kCounts[] = {1, 10, 64, 100, 1000, 10000};
constexpr int kRounds = 21;
constexpr auto kRound = std::chrono::milliseconds(10);

/// Paths of one length, so that only the number of rules differs between runs.
std::string pathOf(size_t i) { return fmt::format("/api/v1/service-{:05}/", i); }

/// Every rule has a path; other conditions are on some. The first rule has all of them, so that
/// the fields that are read are the same in every run.
Rule ruleOf(size_t i) {
  Rule rule;
  auto& match = rule.matches.emplace_back();
  match.uri = StringMatch{StringMatch::Kind::kPrefix, pathOf(i)};
  if (i % 2 == 0) match.method = StringMatch{StringMatch::Kind::kExact, "GET"};
  if (i % 3 == 0) match.headers["user-group"] = {StringMatch::Kind::kExact, "beta"};
  if (i % 4 == 0) match.without_headers["x-canary"] = {StringMatch::Kind::kExact, "never"};
  if (i % 5 == 0) match.query_params["version"] = {StringMatch::Kind::kExact, "2"};
  return rule;
}

/// A request as browsers send them.
struct Request {
  std::string target;
  std::vector<HeaderView> headers = {
      {"host", "catalog"},
      {"user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
      {"accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
      {"accept-language", "en-US,en;q=0.5"},
      {"accept-encoding", "gzip, deflate, br, zstd"},
      {"user-group", "beta"},
      {"cookie", "session=0123456789abcdef0123456789abcdef"},
      {"x-request-id", "6e4a3a3e-1f9b-4b47-9d75-0c5a2f0e7a55"},
  };

  RequestView view() const { return {"GET", "http", "catalog", target, headers}; }
};

/// Requests to the first, the last and other rules, and to none.
std::vector<Request> requestsFor(size_t count) {
  std::vector<Request> requests;
  for (const size_t i : {size_t{0}, count / 3, count / 2, count - 1, count})
    requests.push_back({pathOf(i) + "item?version=2"});
  return requests;
}

/// Nanoseconds of one call, the best round: whatever else the machine does only adds.
template <typename Ask>
double nanosecondsOf(const std::vector<Request>& requests, const Ask& ask) {
  double best = 1e18;
  size_t sum = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = Clock::now();
    size_t calls = 0;
    auto elapsed = Clock::duration::zero();
    while (elapsed < kRound) {
      for (const auto& request : requests) sum += ask(request);
      calls += requests.size();
      elapsed = Clock::now() - begin;
    }
    const std::chrono::duration<double, std::nano> spent = elapsed;
    best = std::min(best, spent.count() / static_cast<double>(calls));
  }
  // The result is used, so that nothing is optimised away.
  if (sum == 1) fmt::print(" ");
  return best;
}

std::unique_ptr<RE2::Set> pathSet(size_t count) {
  RE2::Options options;
  options.set_max_mem(int64_t{256} << 20);
  auto set = std::make_unique<RE2::Set>(options, RE2::ANCHOR_START);
  for (size_t i = 0; i < count; ++i) set->Add(RE2::QuoteMeta(pathOf(i)), nullptr);
  if (!set->Compile()) return nullptr;
  return set;
}

double setNanoseconds(const RE2::Set& set, const std::vector<Request>& requests) {
  std::vector<int> found;
  return nanosecondsOf(requests, [&](const Request& request) {
    found.clear();
    set.Match(request.target, &found);
    return found.empty() ? size_t{0} : static_cast<size_t>(found.front());
  });
}

struct Line {
  size_t routes;
  double build_ms, table, walk, set;
  size_t table_bytes;
};

Result<Line> measure(size_t count) {
  std::vector<Rule> rules;
  rules.reserve(count);
  for (size_t i = 0; i < count; ++i) rules.push_back(ruleOf(i));
  const auto begin = Clock::now();
  const auto matcher = Matcher::compile(rules);
  const std::chrono::duration<double, std::milli> built = Clock::now() - begin;
  if (!matcher.ok()) return matcher.error();
  const auto reference = ReferenceMatcher::compile(rules);
  if (!reference.ok()) return reference.error();
  const auto set = pathSet(count);
  if (!set) return Error(Error::Code::kExhausted, "RE2::Set ran out of memory");
  const auto requests = requestsFor(count);
  const auto by_table = nanosecondsOf(requests, [&](const Request& request) {
    return (*matcher)->firstMatch(request.view()).value_or(0);
  });
  const auto by_walk = nanosecondsOf(requests, [&](const Request& request) {
    const auto view = request.view();
    return reference->firstMatch(routing::Subject(view)).value_or(0);
  });
  return Line{count,
              built.count(),
              by_table,
              by_walk,
              setNanoseconds(*set, requests),
              (*matcher)->table().size_bytes()};
}

int run() {
  fmt::print("{:>7} {:>9} {:>10} {:>10} {:>9} {:>11} {:>7} {:>9} {:>8}\n", "routes", "build ms",
             "table KiB", "table ns", "walk ns", "RE2Set ns", "x of 1", "walk/tab", "set/tab");
  double first = 0;
  for (const auto count : kCounts) {
    const auto line = measure(count);
    if (!line.ok()) {
      fmt::print(stderr, "{} routes: {}\n", count, line.error().message());
      return 1;
    }
    if (first == 0) first = line->table;
    fmt::print("{:>7} {:>9.2f} {:>10.1f} {:>10.0f} {:>9.0f} {:>11.0f} {:>7.2f} {:>9.1f} {:>8.1f}\n",
               line->routes, line->build_ms, static_cast<double>(line->table_bytes) / 1024,
               line->table, line->walk, line->set, line->table / first, line->walk / line->table,
               line->set / line->table);
  }
  return 0;
}

}  // namespace
}  // namespace sluice::test

int main() { return sluice::test::run(); }
