// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/servers.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "tests/bench/proxy/load.h"
#include "tests/support/files.h"

namespace sluice::test {

namespace fs = std::filesystem;

namespace {

// Calls of gRPC: `mirror` reads the request to its end, as a server of gRPC does, before anything
// is answered. A file is not served to POST, so the page of that error is the file; what goes
// through the filter of server-side includes has no Content-Length, as answers of gRPC have none.
constexpr const char* kConfig = R"(daemon off;
worker_processes 1;
pid {directory}/server-{version}.pid;
error_log stderr crit;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  keepalive_timeout 1h;
  keepalive_requests 100000000;
  default_type application/octet-stream;
  add_header x-version {version};
  server {{
{listens}    root {directory}/bodies;
    location = /100 {{ return 200 "{body}"; }}
    location = {grpc} {{
      mirror /mirrored;
      error_page 405 =200 /grpc-answer;
    }}
    location = /mirrored {{ internal; return 204; }}
    location = /grpc-answer {{
      internal;
      alias {directory}/bodies{grpc};
      default_type application/grpc;
      ssi on;
      ssi_types application/grpc;
      add_trailer grpc-status 0;
    }}
  }}
}}
)";

std::string listens(const Place& host) {
  std::string text;
  for (int i = 0; i < kEndpoints; ++i)
    text += fmt::format(
        "    listen {0}:{1} backlog=4096;\n"
        "    listen {0}:{2} http2 backlog=4096;\n",
        host.address4.text(), kHttp1Port + i, kHttp2Port + i);
  return text;
}

Result<void> writeBodies(const fs::path& directory) {
  const std::string grpc = pathOf({.protocol = Protocol::kGrpc});
  fs::create_directories(fs::path(directory / grpc.substr(1)).parent_path());
  for (const size_t size : {size_t{16384}, size_t{1048576}})
    SLUICE_TRY(writeFile(directory / std::to_string(size), std::string(size, 'b')));
  return writeFile(directory / grpc.substr(1), grpcMessage(100));
}

Result<Process> startServer(const Lab& lab, const char* host, const char* version) {
  const auto file = lab.directory() / fmt::format("server-{}.conf", version);
  SLUICE_TRY(writeFile(
      file, fmt::format(kConfig, fmt::arg("directory", lab.directory().string()),
                        fmt::arg("version", version), fmt::arg("listens", listens(lab.host(host))),
                        fmt::arg("body", std::string(100, 'x')),
                        fmt::arg("grpc", pathOf({.protocol = Protocol::kGrpc})))));
  return lab.spawn(host, {"nginx", "-c", file, "-p", lab.directory()});
}

}  // namespace

Result<std::vector<Process>> startServers(const Lab& lab) {
  SLUICE_TRY(writeBodies(lab.directory() / "bodies"));
  std::vector<Process> processes;
  for (const auto& [host, version] : {std::pair{kHostOfV1, "v1"}, {kHostOfV2, "v2"}}) {
    auto process = startServer(lab, host, version);
    if (!process) return std::move(process).error();
    processes.push_back(*std::move(process));
  }
  for (const char* host : {kHostOfV1, kHostOfV2})
    SLUICE_TRY(waitUntilAnswering({lab.host(host), {lab.host(host).address4, kHttp1Port}},
                                  Protocol::kHttp1));
  return processes;
}

}  // namespace sluice::test
