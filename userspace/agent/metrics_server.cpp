// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/metrics_server.h"

#include <sys/socket.h>

#include <array>

#include "userspace/proxy/http1/reason.h"

namespace sluice::agent {
namespace {

using namespace std::chrono_literals;

std::string response(const Page& page, bool with_body) {
  std::string text =
      "HTTP/1.1 " + std::to_string(page.status) + " " + http1::reasonPhrase(page.status);
  text += "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: ";
  text += std::to_string(page.body.size()) + "\r\nConnection: close\r\n";
  if (page.status == 405) text += "Allow: GET, HEAD\r\n";
  text += "\r\n";
  return with_body ? text + page.body : text;
}

struct RequestLine {
  std::string_view method, path;
};

/// "GET /metrics?x HTTP/1.1" -> GET, /metrics. The connection closes after one answer, so nothing
/// of the request but its first line has a meaning here.
std::optional<RequestLine> splitRequestLine(std::string_view line) {
  const auto first = line.find(' ');
  const auto second = line.rfind(' ');
  if (first == std::string_view::npos || first == second) return std::nullopt;
  if (!line.substr(second + 1).starts_with("HTTP/1.")) return std::nullopt;
  const auto target = line.substr(first + 1, second - first - 1);
  return RequestLine{line.substr(0, first), target.substr(0, target.find('?'))};
}

}  // namespace

Result<Fd> listenTcp(const SocketAddress& address) {
  const auto what = "listen on " + address.text();
  const int family = address.ip.isV4() ? AF_INET : AF_INET6;
  Fd socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system(what);
  const int on = 1;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
    return Error::system(what);
  sockaddr_storage storage{};
  const auto length = address.to(family, storage);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0)
    return Error::system(what, errno, "choose another address with --metrics");
  if (::listen(socket.get(), SOMAXCONN) != 0) return Error::system(what);
  return socket;
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::create(Reactor& reactor, Fd listener,
                                                             Pages pages) {
  std::unique_ptr<MetricsServer> metrics(new MetricsServer(std::move(pages)));
  const StreamLimits limits{64, 8192, 10s};
  auto server = StreamServer::create(
      reactor, std::move(listener), limits,
      [raw = metrics.get()](StreamServer::ClientId client, std::string& bytes) {
        return raw->onInput(client, bytes);
      });
  if (!server) return std::move(server).error();
  metrics->server_ = std::move(*server);
  return metrics;
}

StreamServer::Input MetricsServer::onInput(StreamServer::ClientId client, std::string& bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return StreamServer::Input::kIncomplete;
  const auto line = bytes.substr(0, bytes.find("\r\n"));
  bytes.clear();
  server_->answer(client, respond(line), true);
  return StreamServer::Input::kTaken;
}

std::string MetricsServer::respond(std::string_view request_line) const {
  const auto request = splitRequestLine(request_line);
  if (!request) return response({400, "not an HTTP/1 request\n"}, true);
  const bool head = request->method == "HEAD";
  if (!head && request->method != "GET") return response({405, "only GET and HEAD\n"}, true);
  const auto page = pages_(request->path);
  return response(page.value_or(Page{404, "no such page; try /metrics\n"}), !head);
}

}  // namespace sluice::agent
