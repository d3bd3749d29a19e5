// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/surroundings.h"

#include <fmt/format.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <string_view>

#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace sluice::test {

namespace {

/// The first word that begins with a digit and has a dot: 2.6.12 of "HAProxy version 2.6.12-1+deb".
std::string firstVersion(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::string_view kVersion = "0123456789.";
  for (size_t at = 0; (at = text.find_first_of(kDigits, at)) != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_not_of(kVersion, at), text.size());
    const auto word = text.substr(at, end - at);
    if (word.find('.') != std::string_view::npos) return std::string(word);
    at = end;
  }
  return {};
}

}  // namespace

nlohmann::json machine() {
  utsname names{};
  ::uname(&names);
  const std::string release = names.release;
  struct sysinfo memory{};
  ::sysinfo(&memory);
  constexpr double kGiB = 1024.0 * 1024 * 1024;
  return {{"cores", get_nprocs()},
          {"memoryGiB", static_cast<double>(memory.totalram) * memory.mem_unit / kGiB},
          // What a distribution adds says nothing to others.
          {"kernel", release.substr(0, release.find('-'))},
          {"architecture", names.machine}};
}

nlohmann::json versions(const std::string& envoy) {
  const std::pair<const char*, Arguments> programs[] = {
      {"sluice", {programPath("sluiced"), "--version"}},
      {"haproxy", {"haproxy", "-v"}},
      {"nginx", {"nginx", "-v"}},
      {"envoy", {envoy, "--version"}},
      {"wrk", {"wrk", "-v"}},
      {"h2load", {"h2load", "--version"}}};
  nlohmann::json found = nlohmann::json::object();
  for (const auto& [name, argv] : programs) {
    if (argv.front().empty()) continue;
    const auto said = run(nullptr, argv);
    if (!said) continue;
    const auto version = firstVersion(said->out + said->err);
    if (!version.empty()) found[name] = version;
  }
  return found;
}

Result<void> raiseOpenFiles(rlim_t connections) {
  // Those to servers, and what else a process has open.
  const rlim_t needed = connections + 2048;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return Error::system("getrlimit");
  const rlim_t allowed = std::max(limit.rlim_max, needed);
  limit = {allowed, allowed};
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    return Error::system(fmt::format("allow {} open files", allowed));
  return {};
}

}  // namespace sluice::test
