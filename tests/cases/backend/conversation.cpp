// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/backend/conversation.h"

#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <thread>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Whoever begins like HTTP and then stops is not speaking it.
constexpr auto kRestOfFirstLine = 200ms;

bool isHttpLine(std::string_view line) { return line.find(" HTTP/1.") != std::string_view::npos; }

bool mayBecomeHttp(std::string_view bytes) {
  const auto word = bytes.substr(0, bytes.find(' '));
  return std::ranges::all_of(word, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
}

/// Looks at what has come without taking it.
bool speaksHttp(int socket) {
  std::array<char, 4096> bytes{};
  for (const auto deadline = std::chrono::steady_clock::now() + kRestOfFirstLine;;) {
    const ssize_t count = recv(socket, bytes.data(), bytes.size(), MSG_PEEK);
    if (count <= 0) return false;
    const std::string_view seen(bytes.data(), static_cast<size_t>(count));
    if (const size_t end = seen.find("\r\n"); end != std::string_view::npos)
      return isHttpLine(seen.substr(0, end));
    if (!mayBecomeHttp(seen) || std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
}

SocketAddress calledAddress(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &length);
  auto address = SocketAddress::from(storage);
  return address ? *address : SocketAddress{};
}

/// Closing sends a reset instead of the end.
void armReset(int socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool mayHaveBody(const HttpHead& request, int status) {
  return request.start[0] != "HEAD" && status != 204 && status != 304;
}

std::string answerText(const SocketAddress& endpoint, const HttpHead& request,
                       const Stage::Cue& cue) {
  const std::string body = "served-by " + endpoint.text() + "\n";
  std::string text = "HTTP/1.1 " + std::to_string(cue.step.status) +
                     " Answer\r\nx-served-by: " + endpoint.text() + "\r\n";
  for (const auto& [name, value] : cue.step.headers) text += name + ": " + value + "\r\n";
  if (cue.last_of_connection) text += "connection: close\r\n";
  if (cue.step.status != 204) text += "content-length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + (mayHaveBody(request, cue.step.status) ? body : "");
}

bool lastRequest(const HttpHead& request) {
  return request.start[2] == "HTTP/1.0" ||
         strcasecmp(std::string(request.header("connection")).c_str(), "close") == 0;
}

void converseHttp(Stage& stage, uint64_t act, Fd socket) {
  const auto endpoint = calledAddress(socket.get());
  HttpStream stream(std::move(socket));
  while (true) {
    auto head = stream.readHead();
    if (!head || !*head) return;
    if (!stream.readBody(**head)) return;
    const auto cue = stage.request(act, endpoint, **head);
    if (!cue) return;
    // What the case asks for: a backend that takes that long.
    std::this_thread::sleep_for(cue->step.delay);
    if (cue->step.kind == Step::Kind::kReset) return armReset(stream.fd());
    if (!stream.write(answerText(endpoint, **head, *cue))) return;
    if (cue->last_of_connection || lastRequest(**head)) return;
  }
}

void converseBytes(Stage& stage, uint64_t act, Fd socket) {
  const auto endpoint = calledAddress(socket.get());
  HttpStream stream(std::move(socket));
  const auto cue = stage.bytes(act, endpoint);
  if (!cue) return;
  std::this_thread::sleep_for(cue->step.delay);
  if (cue->step.kind == Step::Kind::kReset) return armReset(stream.fd());
  if (!stream.write("served-by " + endpoint.text() + "\n")) return;
  // The client has read the answer when it closes.
  [[maybe_unused]] const auto rest = stream.readToEnd();
}

}  // namespace

void converse(Stage& stage, uint64_t act, Fd socket) {
  if (speaksHttp(socket.get()))
    converseHttp(stage, act, std::move(socket));
  else
    converseBytes(stage, act, std::move(socket));
}

}  // namespace sluice::test
