// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>

#include "tests/unit/agent/support.h"
#include "userspace/agent/admin_server.h"
#include "userspace/agent/metrics_server.h"
#include "userspace/observe/admin_protocol.h"

namespace sluice::agent {
namespace {

using observe::Json;
using namespace std::chrono_literals;

/// A client that never blocks.
class Client {
 public:
  explicit Client(Fd socket) : socket_(std::move(socket)) {}

  void send(std::string_view text) {
    ASSERT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  /// Everything so far; sets `ended` at the end of the stream.
  const std::string& received() {
    char chunk[65536];
    ssize_t size = 0;
    while ((size = ::recv(socket_.get(), chunk, sizeof(chunk), MSG_DONTWAIT)) > 0)
      text_.append(chunk, static_cast<size_t>(size));
    if (size == 0 || (size < 0 && errno == ECONNRESET)) ended = true;
    return text_;
  }

  int fd() const { return socket_.get(); }
  bool ended = false;

 private:
  Fd socket_;
  std::string text_;
};

class ServersTest : public testing::Test {
 protected:
  ~ServersTest() override { std::filesystem::remove_all(folder_); }

  Client unixClient() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, path_.size());
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return Client(std::move(socket));
  }

  void serveAdmin(AdminServer::Handler handler) {
    auto listener = listenAdmin(path_);
    ASSERT_TRUE(listener.ok()) << listener.error().message();
    auto admin = AdminServer::create(*reactor_, std::move(*listener), std::move(handler));
    ASSERT_TRUE(admin.ok());
    admin_ = std::move(*admin);
  }

  /// A client that is answered in parts, by `stream_`.
  Client streaming() {
    serveAdmin([&](const Json&, AdminServer::Reply reply) { stream_ = std::move(reply); });
    auto client = unixClient();
    client.send("{}\n");
    runUntil(*reactor_, [&] { return stream_.has_value(); });
    return client;
  }

  /// What waits for a client that does not read: all that may.
  size_t fill(const Json& part) {
    size_t taken = 0;
    while (stream_->part(part) == StreamServer::Part::kTaken && taken < 1000) {
      ++taken;
      reactor_->runOnce(0ms);
    }
    EXPECT_LT(taken, size_t{1000}) << "a client that does not read may fill the memory";
    return taken;
  }

  static std::string makeFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "sluice-agent-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    return pattern;
  }

  sluice::test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  std::string folder_ = makeFolder();
  std::string path_ = folder_ + "/run/admin.sock";
  std::unique_ptr<AdminServer> admin_;
  std::optional<AdminServer::Reply> stream_;
};

void echo(const Json& request, const AdminServer::Reply& reply) { reply(request); }

TEST_F(ServersTest, AdminSocketIsItsOwnersAlone) {
  serveAdmin(echo);
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(ServersTest, LeftoverSocketIsReplacedAndALivingOneIsNot) {
  ASSERT_TRUE(listenAdmin(path_).ok());  // nobody listens any more: the Fd is gone
  auto second = listenAdmin(path_);
  ASSERT_TRUE(second.ok());
  const auto third = listenAdmin(path_);
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().code(), Error::Code::kUnavailable);
}

TEST_F(ServersTest, RequestsOfOneClientAreAnsweredInOrder) {
  serveAdmin(echo);
  auto client = unixClient();
  client.send("{\"n\":1}\n{\"n\":2}\n{\"n\"");
  runUntil(*reactor_, [&] { return client.received() == "{\"n\":1}\n{\"n\":2}\n"; });
  client.send(":3}\n");
  runUntil(*reactor_, [&] { return client.received().ends_with("{\"n\":3}\n"); });
}

TEST_F(ServersTest, LateAnswerToAClientThatHasGoneIsDropped) {
  std::optional<AdminServer::Reply> late;
  serveAdmin([&](const Json&, AdminServer::Reply reply) { late = std::move(reply); });
  {
    auto client = unixClient();
    client.send("{}\n");
    runUntil(*reactor_, [&] { return late.has_value(); });
    EXPECT_TRUE(late->isHeard());
  }
  runUntil(*reactor_, [&] { return !late->isHeard(); });
  (*late)(Json::object());
  EXPECT_EQ(late->part(Json::object()), StreamServer::Part::kGone);
  admin_.reset();
  (*late)(Json::object());
  EXPECT_EQ(late->part(Json::object()), StreamServer::Part::kGone);
  EXPECT_FALSE(late->isHeard());
}

TEST_F(ServersTest, AnswersInPartsGoOnForAsLongAsTheClientListens) {
  auto client = streaming();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(stream_->part(i), StreamServer::Part::kTaken);
  runUntil(*reactor_, [&] { return client.received() == "0\n1\n2\n"; });
  clock_.advance(31s);  // nothing to say is no reason to end
  reactor_->runOnce(0ms);
  EXPECT_EQ(stream_->part(3), StreamServer::Part::kTaken);
  runUntil(*reactor_, [&] { return client.received() == "0\n1\n2\n3\n"; });
}

TEST_F(ServersTest, AnswersInPartsWaitForAClientThatDoesNotReadUpToALimit) {
  auto client = streaming();
  const Json part = std::string(size_t{64} << 10, 'x');
  const size_t taken = fill(part);
  EXPECT_EQ(stream_->part(part), StreamServer::Part::kFull);
  const auto all = taken * (part.get<std::string>().size() + 3);
  runUntil(*reactor_, [&] { return client.received().size() == all; });
  EXPECT_EQ(stream_->part(part), StreamServer::Part::kTaken);
}

TEST_F(ServersTest, WhoReadsNothingMoreIsKnownAndToldWhyItEnds) {
  auto client = streaming();
  clock_.advance(1h);
  EXPECT_EQ(stream_->stalledFor(), 0s) << "there was nothing to read";
  const Json part = std::string(size_t{64} << 10, 'x');
  fill(part);
  clock_.advance(5s);
  reactor_->runOnce(0ms);
  EXPECT_EQ(stream_->stalledFor(), 5s);
  stream_->end("the end");
  runUntil(*reactor_, [&] { return client.received(), client.ended; });
  EXPECT_TRUE(client.received().ends_with("\n\"the end\"\n"));
  EXPECT_FALSE(stream_->isHeard());
}

TEST_F(ServersTest, WhoseLastPartIsNotReadEitherIsClosed) {
  auto client = streaming();
  const Json part = std::string(size_t{64} << 10, 'x');
  fill(part);
  stream_->end("the end");
  reactor_->runOnce(0ms);
  EXPECT_TRUE(stream_->isHeard());
  clock_.advance(31s);
  runUntil(*reactor_, [&] { return !stream_->isHeard(); });
}

TEST_F(ServersTest, BrokenJsonIsAnswered) {
  serveAdmin(echo);
  auto client = unixClient();
  client.send("{nonsense\n");
  runUntil(*reactor_, [&] { return client.received().ends_with("\n"); });
  const auto answer = observe::readAnswer(client.received());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), Error::Code::kInvalid);
}

TEST_F(ServersTest, RequestWithoutEndIsRefusedAtItsLimit) {
  serveAdmin(echo);
  auto client = unixClient();
  const std::string part(16384, ' ');
  for (size_t sent = 0; sent <= observe::kMaxRequestBytes; sent += part.size()) {
    client.send(part);
    reactor_->runOnce(10ms);
  }
  runUntil(*reactor_, [&] { return client.received(), client.ended; });
}

TEST_F(ServersTest, StalledClientHarmsNobodyAndGoesInTheEnd) {
  const Json large = std::string(size_t{8} << 20, 'x');
  serveAdmin([&](const Json& request, const AdminServer::Reply& reply) {
    reply(request.contains("large") ? large : request);
  });
  auto stalled = unixClient();  // asks for more than its socket takes and reads nothing
  stalled.send("{\"large\":1}\n");
  auto quick = unixClient();
  quick.send("{\"n\":1}\n");
  runUntil(*reactor_, [&] { return quick.received() == "{\"n\":1}\n"; });
  clock_.advance(31s);
  reactor_->runOnce(0ms);
  reactor_->runOnce(0ms);
  const auto& part = stalled.received();
  EXPECT_TRUE(stalled.ended);
  EXPECT_LT(part.size(), size_t{8} << 20);
}

TEST_F(ServersTest, MoreClientsThanTheLimitAreClosedAtOnce) {
  serveAdmin(echo);
  std::vector<Client> clients;
  clients.reserve(64);
  for (int i = 0; i < 64; ++i) clients.push_back(unixClient());
  auto surplus = unixClient();
  runUntil(*reactor_, [&] { return surplus.received(), surplus.ended; });
  clients.back().send("{}\n");
  runUntil(*reactor_, [&] { return clients.back().received() == "{}\n"; });
}

class MetricsServerTest : public ServersTest {
 protected:
  void SetUp() override {
    auto listener = listenTcp({*IpAddress::parse("127.0.0.1"), 0});
    ASSERT_TRUE(listener.ok()) << listener.error().message();
    length_ = sizeof(address_);
    ASSERT_EQ(::getsockname(listener->get(), generic(), &length_), 0);
    auto server = MetricsServer::create(*reactor_, std::move(*listener), [](std::string_view path) {
      return path == "/metrics" ? std::optional(Page{200, "a 1\n"}) : std::nullopt;
    });
    ASSERT_TRUE(server.ok());
    server_ = std::move(*server);
  }

  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address_); }

  std::string fetch(std::string_view request) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(socket.get(), generic(), length_), 0);
    Client client(std::move(socket));
    client.send(request);
    runUntil(*reactor_, [&] { return client.received(), client.ended; });
    return client.received();
  }

  sockaddr_storage address_{};
  socklen_t length_ = 0;
  std::unique_ptr<MetricsServer> server_;
};

TEST_F(MetricsServerTest, GetAndHead) {
  const auto get = fetch("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(get.starts_with("HTTP/1.1 200 OK\r\n")) << get;
  EXPECT_TRUE(get.ends_with("Content-Length: 4\r\nConnection: close\r\n\r\na 1\n")) << get;
  EXPECT_TRUE(fetch("HEAD /metrics HTTP/1.1\r\n\r\n").ends_with("close\r\n\r\n"));
}

TEST_F(MetricsServerTest, EverythingElseIsRefused) {
  EXPECT_TRUE(fetch("GET /etc HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(fetch("POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
  EXPECT_TRUE(fetch("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

}  // namespace
}  // namespace sluice::agent
