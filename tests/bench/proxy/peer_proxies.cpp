// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/peer_proxies.h"

#include <fmt/format.h>

#include "tests/bench/proxy/load.h"
#include "tests/bench/proxy/peer_configs.h"
#include "tests/support/files.h"

namespace sluice::test {

namespace {

/// How a peer is started.
struct Recipe {
  const char* name;
  std::string program;
  const char* file_ending;  ///< Envoy tells formats by it
  std::string (*config)(const Lab& lab, const PeerPlace& place);
  Arguments (*arguments)(const std::string& file);
};

std::vector<Recipe> recipes(const std::string& envoy) {
  std::vector<Recipe> all{
      {"haproxy", "haproxy", ".cfg", haproxyConfig,
       [](const std::string& file) { return Arguments{"-q", "-db", "-f", file}; }},
      {"nginx", "nginx", ".conf", nginxConfig,
       [](const std::string& file) { return Arguments{"-c", file}; }}};
  if (!envoy.empty())
    all.push_back({"envoy", envoy, ".yaml", envoyConfig, [](const std::string& file) {
                     return Arguments{"-c", file,    "--concurrency",        "2",
                                      "-l", "error", "--disable-hot-restart"};
                   }});
  return all;
}

bool isInstalled(const std::string& program) {
  const auto finished = run(nullptr, {"sh", "-c", "command -v " + program});
  return finished.ok() && finished->status == 0;
}

/// Both ports are told apart from those of other peers on the same address by `index`.
Result<PeerProxy> start(const Recipe& recipe, const Lab& lab, const Place& place,
                        const IpAddress& address, size_t index) {
  const SocketAddress http1{address, static_cast<uint16_t>(9001 + index)};
  const SocketAddress http2{address, static_cast<uint16_t>(9011 + index)};
  const std::string name = fmt::format("{}-{}", recipe.name, place.name);
  const std::string file = lab.directory() / (name + recipe.file_ending);
  SLUICE_TRY(writeFile(file, recipe.config(lab, {name, address.text(), http1.port, http2.port})));
  Arguments argv = recipe.arguments(file);
  argv.insert(argv.begin(), recipe.program);
  auto process = spawn(&place, argv);
  if (!process) return std::move(process).error();
  SLUICE_TRY(waitUntilAnswering({place, http1}, Protocol::kHttp1));
  SLUICE_TRY(waitUntilAnswering({place, http2}, Protocol::kHttp2));
  return PeerProxy{recipe.name, http1, http2, *std::move(process)};
}

}  // namespace

Result<std::vector<PeerProxy>> startPeers(const Lab& lab, const Place& place,
                                          const IpAddress& address, const std::string& envoy) {
  std::vector<PeerProxy> peers;
  for (const auto& recipe : recipes(envoy)) {
    if (!isInstalled(recipe.program)) {
      fmt::print(stderr, "left out, not installed: {}\n", recipe.name);
      continue;
    }
    auto peer = start(recipe, lab, place, address, peers.size());
    if (!peer) return std::move(peer).error().in(recipe.name);
    peers.push_back(*std::move(peer));
  }
  return peers;
}

}  // namespace sluice::test
