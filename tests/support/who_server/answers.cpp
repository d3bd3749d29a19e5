// SPDX-License-Identifier: Apache-2.0
#include "tests/support/who_server/answers.h"

#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/http_client.h"

namespace sluice::test {
namespace {

struct Body {
  std::string bytes;
  std::string type = "text/plain";
  bool chunked = false;
};

/// The value of `name` in the target's query, 0 when it is not there.
size_t queryNumber(const std::string& target, const std::string& name) {
  const size_t query = target.find('?');
  if (query == std::string::npos) return 0;
  const std::string pairs = "&" + target.substr(query + 1);
  const size_t found = pairs.find("&" + name + "=");
  if (found == std::string::npos) return 0;
  return std::strtoul(pairs.c_str() + found + name.size() + 2, nullptr, 10);
}

Body identityBody(const Identity& who, const HttpHead& request, const std::string& body) {
  nlohmann::ordered_json headers = nlohmann::ordered_json::object();
  for (const auto& [name, value] : request.headers) headers[name] = value;
  const nlohmann::ordered_json json = {{"servedBy", who.name},       {"version", who.version},
                                       {"method", request.start[0]}, {"path", request.start[1]},
                                       {"bodyBytes", body.size()},   {"headers", headers}};
  return {json.dump() + "\n", "application/json", false};
}

std::string wire(const Identity& who, const HttpHead& request, size_t status, const Body& body) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " Answer\r\nx-served-by: " + who.name +
                     "\r\nx-version: " + who.version + "\r\ncontent-type: " + body.type + "\r\n";
  text += body.chunked ? "transfer-encoding: chunked\r\n\r\n"
                       : "content-length: " + std::to_string(body.bytes.size()) + "\r\n\r\n";
  if (request.start[0] == "HEAD") return text;
  return text + (body.chunked ? chunked(body.bytes, 4096) : body.bytes);
}

}  // namespace

std::string answer(const Identity& who, const HttpHead& request, const std::string& body) {
  const std::string& target = request.start[1];
  const std::string path = target.substr(0, target.find('?'));
  if (path == "/echo")
    return wire(who, request, 200,
                {body, "application/octet-stream", !request.header("transfer-encoding").empty()});
  if (path == "/bytes")
    return wire(who, request, 200,
                {patternBytes(queryNumber(target, "from"), queryNumber(target, "n")),
                 "application/octet-stream", queryNumber(target, "chunked") != 0});
  if (path == "/status") return wire(who, request, queryNumber(target, "code"), {});
  // What the path is for: the client asked this server to take that long.
  if (path == "/slow")
    std::this_thread::sleep_for(std::chrono::milliseconds(queryNumber(target, "ms")));
  return wire(who, request, 200, identityBody(who, request, body));
}

}  // namespace sluice::test
