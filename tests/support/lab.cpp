// SPDX-License-Identifier: Apache-2.0
#include "tests/support/lab.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>

#include "tests/support/cgroup.h"
#include "tests/support/files.h"

namespace sluice::test {
namespace fs = std::filesystem;
namespace {

constexpr size_t kFirstAddress = 11;

/// Several labs of one process have different names.
std::string nextLabName() {
  static std::atomic<int> serial = 0;
  return "sluice-" + std::to_string(getpid()) + "-" + std::to_string(serial++);
}

/// Makes the lab's directory and takes its lock; removes what dead labs have left.
Result<Fd> makeLabDirectory(const std::string& name) {
  std::error_code error;
  fs::create_directories(labsDirectory(), error);
  // One at a time: a directory that is not locked yet looks like one of a dead lab.
  Fd turn(open(labsDirectory().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!turn || flock(turn.get(), LOCK_EX) != 0)
    return Error::system("lock " + labsDirectory().string());
  removeAbandonedLabs();
  fs::create_directory(labsDirectory() / name, error);
  if (error) return Error::system("make a directory for lab " + name, error.value());
  return lockDirectory(labsDirectory() / name);
}

/// Runs `commands` by one `ip`, in `network` unless it is empty: a process per command would be
/// most of the time that a lab takes.
Result<void> runIp(const fs::path& script, const std::string& network,
                   const std::string& commands) {
  SLUICE_TRY(writeFile(script, commands));
  Arguments argv = {"ip"};
  if (!network.empty()) argv.insert(argv.end(), {"-n", network});
  argv.insert(argv.end(), {"-batch", script.string()});
  auto done = runChecked(argv);
  if (!done) return std::move(done).error();
  return {};
}

std::string networkOf(const Place& host) {
  return fs::path(host.network_namespace).filename().string();
}

std::string hostCommands(const Place& host) {
  // nodad: an address that is still being checked for duplicates cannot be used.
  return "link set lo up\n"
         "addr add " +
         host.address4.text() +
         "/16 dev eth0\n"
         "addr add " +
         host.address6.text() +
         "/64 dev eth0 nodad\n"
         "link set eth0 up\n";
}

std::string bridgeCommands(const std::deque<Place>& hosts) {
  std::string commands = "link add bridge type bridge\nlink set bridge up\n";
  for (size_t i = 0; i < hosts.size(); ++i) {
    const std::string port = "port" + std::to_string(i);
    commands += "link add " + port + " type veth peer name eth0 netns " + networkOf(hosts[i]) +
                "\nlink set " + port + " master bridge up\n";
  }
  return commands;
}

Result<IpAddress> hostAddress(std::string_view prefix, size_t index) {
  return IpAddress::parse(std::string(prefix) + std::to_string(kFirstAddress + index));
}

}  // namespace

Lab::Lab(std::string name, Fd lock, Janitor janitor)
    : name_(std::move(name)), lock_(std::move(lock)), janitor_(std::move(janitor)) {}

Result<Lab> Lab::create(const std::vector<std::string>& hosts) {
  auto mount = cgroup2Mount();
  if (!mount) return std::move(mount).error();
  const auto name = nextLabName();
  auto lock = makeLabDirectory(name);
  if (!lock) return std::move(lock).error();
  auto janitor = Janitor::start(name, *lock);
  if (!janitor) return std::move(janitor).error();

  Lab lab(name, *std::move(lock), *std::move(janitor));
  SLUICE_TRY(lab.makeDirectories());
  for (const auto& host : hosts) SLUICE_TRY(lab.makeHost(*mount, host));
  SLUICE_TRY(lab.makeNetwork());
  return lab;
}

fs::path Lab::directory() const { return labsDirectory() / name_; }

Result<void> Lab::makeDirectories() const {
  std::error_code error;
  fs::create_directory(configDirectory(), error);
  fs::create_directory(bpffs(), error);
  if (error) return Error::system("make " + bpffs().string(), error.value());
  SLUICE_TRY(writeFile(directory() / "hosts", "127.0.0.1 localhost\n::1 localhost\n"));
  if (mount("bpf", bpffs().c_str(), "bpf", 0, "mode=0700") != 0)
    return Error::system("mount a bpffs at " + bpffs().string());
  return {};
}

Result<void> Lab::makeHost(const fs::path& cgroup_mount, const std::string& host) {
  auto address4 = hostAddress("10.77.0.", hosts_.size());
  auto address6 = hostAddress("fd77::", hosts_.size());
  if (!address4 || !address6) return Error(Error::Code::kExhausted, "too many hosts in a lab");
  const std::string cgroup = "/" + name_ + "/" + host;
  const auto cgroup_directory = cgroup_mount / name_ / host;
  std::error_code error;
  fs::create_directories(cgroup_directory, error);
  if (error) return Error::system("make cgroup " + cgroup, error.value());
  hosts_.push_back({.name = host,
                    .network_namespace = "/run/netns/" + name_ + "-" + host,
                    .cgroup = cgroup,
                    .cgroup_directory = cgroup_directory,
                    .hosts_file = directory() / "hosts",
                    .address4 = *address4,
                    .address6 = *address6});
  return {};
}

Result<void> Lab::makeNetwork() const {
  const auto script = directory() / "ip-batch";
  const std::string bridge = name_ + "-bridge";
  std::string namespaces = "netns add " + bridge + "\n";
  for (const auto& host : hosts_) namespaces += "netns add " + networkOf(host) + "\n";
  SLUICE_TRY(runIp(script, "", namespaces));
  SLUICE_TRY(runIp(script, bridge, bridgeCommands(hosts_)));
  for (const auto& host : hosts_) SLUICE_TRY(runIp(script, networkOf(host), hostCommands(host)));
  return {};
}

const Place& Lab::host(std::string_view name) const {
  const auto found = std::ranges::find(hosts_, name, &Place::name);
  if (found != hosts_.end()) return *found;
  std::cerr << "lab " << name_ << " has no host " << name << std::endl;
  std::abort();
}

Result<void> Lab::addName(const IpAddress& address, std::string_view names) {
  const auto path = directory() / "hosts";
  auto text = readFile(path);
  if (!text) return std::move(text).error();
  // Written in place: the file is what the hosts' /etc/hosts are mounts of.
  return writeFile(path, *text + address.text() + " " + std::string(names) + "\n");
}

Result<void> Lab::ip(std::string_view name, const std::string& commands) const {
  return runIp(directory() / "ip-batch", networkOf(host(name)), commands);
}

Result<Process> Lab::spawn(std::string_view name, const Arguments& argv, Output output) const {
  return test::spawn(&host(name), argv, output);
}

Result<Finished> Lab::run(std::string_view name, const Arguments& argv, Duration longest) const {
  return test::run(&host(name), argv, longest);
}

Result<Inside> Lab::startInside(std::string_view name, const Inside::Body& body) const {
  return Inside::start(host(name), body);
}

Result<std::string> Lab::inside(std::string_view name, const Inside::Body& body) const {
  return test::inside(host(name), body);
}

}  // namespace sluice::test
