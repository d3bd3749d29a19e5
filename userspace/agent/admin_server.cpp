// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/admin_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "userspace/base/unix_socket.h"
#include "userspace/observe/admin_protocol.h"

namespace sluice::agent {
namespace {

using observe::Json;
using namespace std::chrono_literals;

Result<Fd> unixSocket() {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("create the admin socket");
  return socket;
}

Result<void> makeFolder(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  std::error_code failed;
  if (!folder.empty()) std::filesystem::create_directories(folder, failed);
  if (failed) return Error::system("create " + folder.string(), failed.value());
  return {};
}

/// Only a file that refuses connections is a leftover; anything else is somebody's.
Result<void> removeLeftover(const std::string& path, const sockaddr_un& address) {
  auto probe = unixSocket();
  if (!probe) return std::move(probe).error();
  if (::connect(probe->get(), generic(address), sizeof(address)) == 0 || errno == EAGAIN)
    return Error(Error::Code::kUnavailable, "another sluiced answers on " + path,
                 "stop it, or give this one its own --socket and --pin-root");
  if (errno == ECONNREFUSED && ::unlink(path.c_str()) != 0)
    return Error::system("remove the old socket " + path);
  return {};
}

}  // namespace

Result<Fd> listenAdmin(const std::string& path) {
  const auto address = unixAddress(path);
  if (!address)
    return Error(Error::Code::kInvalid, "admin socket path \"" + path + "\" is too long or empty",
                 "use a path of at most 107 bytes");
  SLUICE_TRY(makeFolder(path));
  SLUICE_TRY(removeLeftover(path, *address));
  auto socket = unixSocket();
  if (!socket) return socket;
  SLUICE_TRY(listenPrivately(socket->get(), *address));
  return socket;
}

Result<std::unique_ptr<AdminServer>> AdminServer::create(Reactor& reactor, Fd listener,
                                                         Handler handler) {
  std::unique_ptr<AdminServer> admin(new AdminServer(std::move(handler)));
  const StreamLimits limits{64, observe::kMaxRequestBytes, 30s};
  auto server =
      StreamServer::create(reactor, std::move(listener), limits,
                           [raw = admin.get()](StreamServer::ClientId client, std::string& bytes) {
                             return raw->onInput(client, bytes);
                           });
  if (!server) return std::move(server).error();
  admin->server_ = std::move(*server);
  return admin;
}

StreamServer::Input AdminServer::onInput(StreamServer::ClientId client, std::string& bytes) {
  const auto end = bytes.find('\n');
  if (end == std::string::npos) return StreamServer::Input::kIncomplete;
  const auto line = bytes.substr(0, end);
  bytes.erase(0, end + 1);
  onLine(client, line);
  return StreamServer::Input::kTaken;
}

void AdminServer::onLine(StreamServer::ClientId client, std::string_view line) {
  const Reply reply(*this, client);
  const auto request = observe::parseJson(line, "the request");
  if (!request) return reply(observe::errorAnswer(request.error()));
  handler_(*request, reply);
}

AdminServer::Reply::Reply(AdminServer& server, StreamServer::ClientId client)
    : alive_(server.alive_), server_(server.server_.get()), client_(client) {}

void AdminServer::Reply::operator()(const Json& answer) const {
  if (!alive_.expired()) server_->answer(client_, observe::toText(answer) + "\n", false);
}

StreamServer::Part AdminServer::Reply::part(const Json& answer) const {
  if (alive_.expired()) return StreamServer::Part::kGone;
  return server_->part(client_, observe::toText(answer) + "\n");
}

void AdminServer::Reply::end(const Json& answer) const {
  if (!alive_.expired()) server_->end(client_, observe::toText(answer) + "\n");
}

Duration AdminServer::Reply::stalledFor() const {
  return alive_.expired() ? Duration::zero() : server_->stalledFor(client_);
}

bool AdminServer::Reply::isHeard() const { return !alive_.expired() && server_->isThere(client_); }

}  // namespace sluice::agent
