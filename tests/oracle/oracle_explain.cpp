// SPDX-License-Identifier: Apache-2.0
// Explains many calls over one configuration, as `sluicectl explain -o json` explains one.
//   usage: oracle-explain FILE… <CALLS
// CALLS and the answers are one JSON object a line. The first line of the answer says which
// resources are refused, and why: {"VirtualService/shop/a": "spec.http[0]: …"}.
#include <iostream>
#include <map>
#include <string>

#include "userspace/observe/explanation_view.h"
#include "userspace/routing/resolve.h"
#include "userspace/source/load.h"

namespace {

using sluice::Result;
using sluice::observe::Json;

Json refusals(const sluice::Diagnostics& diagnostics) {
  auto refused = Json::object();
  for (const auto& diagnostic : diagnostics)
    if (diagnostic.level == sluice::Diagnostic::Level::kError)
      refused[diagnostic.resource] = diagnostic.field + ": " + diagnostic.message;
  return refused;
}

/// Resolves the rules once for each client that calls.
class Clients {
 public:
  explicit Clients(const sluice::Snapshot& snapshot) : snapshot_(snapshot) {}

  Result<const sluice::routing::Routing*> find(const std::string& client) {
    const auto known = routings_.find(client);
    if (known != routings_.end()) return &known->second;
    auto routing = sluice::routing::resolveFor(snapshot_, client);
    if (!routing) return std::move(routing).error();
    return &routings_.emplace(client, *std::move(routing)).first->second;
  }

 private:
  const sluice::Snapshot& snapshot_;
  std::map<std::string, sluice::routing::Routing> routings_;
};

Result<Json> explain(Clients& clients, const std::string& line) {
  const auto json = Json::parse(line, nullptr, false);
  const auto call = sluice::observe::readCall(json);
  if (!call) return call.error();
  const auto routing = clients.find(call->from);
  if (!routing) return routing.error();
  const auto explanation = sluice::routing::explain(**routing, *call);
  if (!explanation) return explanation.error();
  return sluice::observe::explanationView(*explanation);
}

}  // namespace

int main(int argc, char** argv) {
  const auto loaded = sluice::source::load({argv + 1, argv + argc});
  for (const auto& file : loaded.unreadable) {
    std::cerr << "oracle-explain: cannot read " << file << "\n";
    return 1;
  }
  std::cout << refusals(loaded.diagnostics).dump() << "\n";
  Clients clients(*loaded.snapshot);
  for (std::string line; std::getline(std::cin, line);) {
    const auto answer = explain(clients, line);
    if (!answer) {
      std::cerr << "oracle-explain: " << answer.error().message() << "\n";
      return 1;
    }
    std::cout << answer->dump(-1, ' ', true) << "\n";
  }
  return 0;
}
