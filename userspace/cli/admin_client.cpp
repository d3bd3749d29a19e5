// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/admin_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "userspace/base/clock.h"
#include "userspace/base/fd.h"
#include "userspace/base/unix_socket.h"
#include "userspace/observe/admin_protocol.h"

namespace sluice::cli {
namespace {

using observe::Json;

constexpr const char* kStartHint = "is sluiced running? start it, or name its socket with --socket";

Error connectError(const std::string& path, int errnum) {
  const auto failed = Error::system("connect to " + path, errnum);
  if (errnum == EACCES || errnum == EPERM)
    return Error(Error::Code::kPermission, failed.message(),
                 "the socket belongs to the user who runs sluiced: try sudo sluicectl");
  return Error(Error::Code::kUnavailable, failed.message(), kStartHint);
}

Result<Fd> connectTo(const std::string& path) {
  const auto address = unixAddress(path);
  if (!address)
    return Error(Error::Code::kInvalid, "--socket " + path + ": a path has 1 to 107 bytes");
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("create a socket");
  if (::connect(socket.get(), generic(*address), sizeof(*address)) != 0)
    return connectError(path, errno);
  return socket;
}

/// One conversation, all of it before `deadline`.
class Conversation {
 public:
  Conversation(Fd socket, TimePoint deadline) : socket_(std::move(socket)), deadline_(deadline) {}

  Result<void> send(std::string_view bytes) {
    while (!bytes.empty()) {
      SLUICE_TRY(wait(POLLOUT));
      const auto size = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size < 0 && errno != EAGAIN && errno != EINTR) return broken(errno);
      bytes.remove_prefix(static_cast<size_t>(std::max<ssize_t>(size, 0)));
    }
    return {};
  }

  Result<std::string> receiveLine() {
    size_t end = 0;
    while ((end = received_.find('\n', end)) == std::string::npos) {
      end = received_.size();
      SLUICE_TRY(receiveMore());
      if (received_.size() > observe::kMaxAnswerBytes)
        return Error(Error::Code::kExhausted, "the agent's answer is larger than 64 MiB",
                     "ask for less with -n NAMESPACE or a name");
    }
    auto line = received_.substr(0, end + 1);
    received_.erase(0, end + 1);
    return line;
  }

  /// What comes from here on may take its time.
  void forgetDeadline() { deadline_ = TimePoint::max(); }

 private:
  Result<void> receiveMore() {
    SLUICE_TRY(wait(POLLIN));
    char chunk[65536];
    const auto size = ::recv(socket_.get(), chunk, sizeof(chunk), 0);
    if (size == 0) return broken(ECONNRESET);
    if (size < 0 && errno != EAGAIN && errno != EINTR) return broken(errno);
    received_.append(chunk, static_cast<size_t>(std::max<ssize_t>(size, 0)));
    return {};
  }

  static Error broken(int errnum) {
    return {Error::Code::kUnavailable,
            Error::system("the agent closed the connection", errnum).message(), kStartHint};
  }

  Result<void> wait(short events) {
    pollfd waiting{socket_.get(), events, 0};
    const int left = millisecondsLeft();
    if (left != 0 && ::poll(&waiting, 1, left) != 0) return {};
    return Error(Error::Code::kUnavailable, "the agent did not answer in time",
                 "wait longer with --timeout");
  }

  /// As poll() takes it: -1 is for ever.
  int millisecondsLeft() const {
    if (deadline_ == TimePoint::max()) return -1;
    const auto left = deadline_ - std::chrono::steady_clock::now();
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::max<int64_t>(rounded, 0));
  }

  Fd socket_;
  TimePoint deadline_;
  std::string received_;  ///< and not handed on
};

/// The line that the agent answers.
Result<std::string> exchange(const std::string& path, const Json& request, TimePoint deadline) {
  auto socket = connectTo(path);
  if (!socket) return std::move(socket).error();
  Conversation agent(*std::move(socket), deadline);
  SLUICE_TRY(agent.send(observe::toText(request) + "\n"));
  return agent.receiveLine();
}

/// Fails only for reasons that time does not cure, or when there is no time left. An agent that
/// closes the connection instead of answering has just ended, and its successor is on its way.
Result<std::string> exchangePatiently(const std::string& path, const Json& request,
                                      TimePoint deadline) {
  while (true) {
    auto line = exchange(path, request, deadline);
    if (line || line.error().code() != Error::Code::kUnavailable) return line;
    if (std::chrono::steady_clock::now() >= deadline) return line;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Result<Json> read(const Result<std::string>& line) {
  if (!line) return Error(line.error());
  return observe::readAnswer(*line);
}

}  // namespace

Result<Json> ask(const std::string& socket_path, const Json& request,
                 std::chrono::milliseconds timeout) {
  return read(exchange(socket_path, request, std::chrono::steady_clock::now() + timeout));
}

Result<void> follow(const std::string& socket_path, const Json& request,
                    std::chrono::milliseconds timeout,
                    const std::function<bool(const Json& answer)>& listen) {
  auto socket = connectTo(socket_path);
  if (!socket) return std::move(socket).error();
  Conversation agent(*std::move(socket), std::chrono::steady_clock::now() + timeout);
  SLUICE_TRY(agent.send(observe::toText(request) + "\n"));
  while (true) {
    const auto answer = read(agent.receiveLine());
    if (!answer) return answer.error();
    if (!listen(*answer)) return {};
    agent.forgetDeadline();
  }
}

Result<Json> askPatiently(const std::string& socket_path, const Json& request,
                          std::chrono::milliseconds timeout) {
  return read(exchangePatiently(socket_path, request, std::chrono::steady_clock::now() + timeout));
}

}  // namespace sluice::cli
