// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/lab_removal.h"
#include "tests/support/place.h"
#include "tests/support/process.h"

namespace sluice::test {

/// A small network on this machine: one network namespace and one cgroup for each host, joined by
/// a bridge that lives in a namespace of its own. There is no route out, and the machine's own
/// namespace gets nothing but the handles in /run/netns. Host number n has 10.77.0.(10+n)/16 and
/// fd77::(10+n)/64.
///
/// Everything is removed when the object goes, and also when the process dies in any other way.
/// Several labs may live on one machine. Needs root.
class Lab {
 public:
  static Result<Lab> create(const std::vector<std::string>& hosts);

  /// The host of that name; the test ends when there is none.
  const Place& host(std::string_view name) const;
  const std::deque<Place>& hosts() const { return hosts_; }

  /// Makes `name` resolve to `address` on every host.
  Result<void> addName(const IpAddress& address, std::string_view names);

  /// Runs lines of `ip -batch` in the network of a host.
  Result<void> ip(std::string_view host, const std::string& commands) const;

  const std::string& name() const { return name_; }
  std::filesystem::path directory() const;
  std::filesystem::path configDirectory() const { return directory() / "config"; }
  /// A bpffs of this lab alone.
  std::filesystem::path bpffs() const { return directory() / "bpf"; }
  std::filesystem::path adminSocket() const { return directory() / "admin.sock"; }

  Result<Process> spawn(std::string_view host, const Arguments& argv,
                        Output output = Output::kInherit) const;
  Result<Finished> run(std::string_view host, const Arguments& argv,
                       Duration longest = std::chrono::minutes(2)) const;
  Result<Inside> startInside(std::string_view host, const Inside::Body& body) const;
  Result<std::string> inside(std::string_view host, const Inside::Body& body) const;

 private:
  Lab(std::string name, Fd lock, Janitor janitor);
  Result<void> makeDirectories() const;
  Result<void> makeHost(const std::filesystem::path& cgroup_mount, const std::string& name);
  Result<void> makeNetwork() const;

  std::string name_;
  Fd lock_;
  Janitor janitor_;
  std::deque<Place> hosts_;  ///< stay where they are: host() gives references away
};

}  // namespace sluice::test
