// SPDX-License-Identifier: Apache-2.0
// The hostile requests with nginx behind the proxy: its access log has those that went through, and
// no other.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/unit/proxy/hostile_requests.h"
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

constexpr const char* kConfiguration = R"(daemon off;
master_process off;
pid {0}/pid;
error_log {0}/error.log;
events {{}}
http {{
  log_format line escape=none '$request';
  access_log {0}/access.log line;
  client_body_temp_path {0}/body;
  proxy_temp_path {0}/proxy;
  fastcgi_temp_path {0}/fastcgi;
  uwsgi_temp_path {0}/uwsgi;
  scgi_temp_path {0}/scgi;
  keepalive_requests 100000;
  server {{
    listen 127.0.0.1:{1} reuseport;
    location / {{ return 200 "$request_uri"; }}
  }}
}}
)";

/// A folder that goes with the test.
class Folder {
 public:
  Folder() : path_((std::filesystem::temp_directory_path() / "sluice-nginx-XXXXXX").string()) {
    require(::mkdtemp(path_.data()) != nullptr, "mkdtemp");
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(std::string_view name) const {
    return std::filesystem::path(path_) / name;
  }
  const std::string& text() const { return path_; }

 private:
  std::string path_;
};

class BehindNginx : public WorkerTest, public testing::WithParamInterface<HostileRequests> {
 protected:
  void SetUp() override {
    const auto found = sluice::test::run(nullptr, {"nginx", "-v"});
    if (!found.ok() || found->status != 0) GTEST_SKIP() << "nginx is not installed";
    serve().stopListening();
    routeToServers();
    start();
  }

  void start() {
    reserved_ = reservedPort();
    const auto port = portOf(reserved_);
    const auto file = folder_ / "nginx.conf";
    const auto text = fmt::format(kConfiguration, folder_.text(), port);
    ASSERT_TRUE(sluice::test::writeFile(file, text).ok());
    auto started = sluice::test::spawn(
        nullptr, {"nginx", "-c", file, "-p", folder_.text(), "-e", folder_ / "error.log"});
    ASSERT_TRUE(started.ok()) << started.error().message();
    nginx_ = *std::move(started);
    sockets_.ports[{1}] = port;
    // It is written after the sockets have been opened.
    ASSERT_TRUE(until([&] { return std::filesystem::exists(folder_ / "pid"); }));
  }

  /// Of the kernel's choice; nginx shares it, and gets all connections since we do not listen.
  static Fd reservedPort() {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    const auto address = loopback(INADDR_LOOPBACK, 0);
    require(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
            "bind");
    return fd;
  }

  /// The request lines that nginx has logged, once the last of them is `last`.
  std::vector<std::string> logged(const std::string& last) {
    std::vector<std::string> lines;
    const bool there = until([&] {
      const auto text = sluice::test::readFile(folder_ / "access.log");
      if (!text.ok()) return false;
      lines.clear();
      std::string_view rest = std::string_view(*text).substr(log_read_);
      for (size_t end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
        lines.emplace_back(rest.substr(0, end));
        rest.remove_prefix(end + 1);
      }
      if (lines.empty() || lines.back() != last) return false;
      log_read_ = text->size();
      return true;
    });
    EXPECT_TRUE(there) << "nginx has not logged " << last;
    return lines;
  }

  Folder folder_;
  Fd reserved_;
  std::optional<sluice::test::Process> nginx_;
  size_t log_read_ = 0;
};

std::string lineOf(const std::string& request) { return request.substr(0, request.find('\r')); }

TEST_P(BehindNginx, SeesWhatWentThroughAndNothingElse) {
  for (size_t i = 0; i < GetParam().size(); ++i) {
    const auto& request = GetParam()[i];
    SCOPED_TRACE(testing::PrintToString(request.sent.substr(0, 300)));
    Peer& client = connect();
    client.send(request.sent);
    const size_t answers = request.seen.size() + (request.refusal.empty() ? 0 : 1);
    EXPECT_TRUE(
        until([&] { return statusesIn(client.received()).size() >= answers || client.over(); }));
    settle();
    EXPECT_EQ(statusesIn(client.received()).size(), answers);

    const std::string target = fmt::format("/probe-{}", i);
    EXPECT_TRUE(answerTo(connect(), getOf(target), target).ends_with("\r\n\r\n" + target));
    std::vector<std::string> expected;
    expected.reserve(request.seen.size() + 1);
    for (const auto& each : request.seen) expected.push_back(lineOf(each));
    expected.push_back(lineOf(getOf(target)));
    EXPECT_EQ(logged(expected.back()), expected);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Hostile, BehindNginx, hostileLists(), nameOfList);

}  // namespace
}  // namespace sluice::proxy::test
