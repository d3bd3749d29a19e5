// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "loader/probe.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/status_text.h"

namespace sluice::cli {

using loader::Probe;
using observe::Json;

namespace {

const char* statusName(Probe::Status status) {
  switch (status) {
    case Probe::Status::kOk:
      return "ok";
    case Probe::Status::kWarn:
      return "warn";
    case Probe::Status::kFail:
      break;
  }
  return "fail";
}

Colour colourOf(const std::string& status) {
  if (status == "ok") return Colour::kGreen;
  return status == "warn" ? Colour::kYellow : Colour::kRed;
}

Json probeItems(const std::vector<Probe>& probes) {
  Json items = Json::array();
  for (const auto& [name, status, detail, hint] : probes)
    items.push_back(
        {{"name", name}, {"status", statusName(status)}, {"detail", detail}, {"hint", hint}});
  return items;
}

void printProbe(const Terminal& terminal, const Json& item) {
  const auto sign = mark(terminal, colourOf(item.at("status").get<std::string>()));
  terminal.out << sign << " "
               << fmt::format("{:<14} {}\n", item.at("name").get<std::string>(),
                              item.at("detail").get<std::string>());
  const auto hint = item.at("hint").get<std::string>();
  if (!hint.empty()) terminal.out << "    hint: " << hint << "\n";
}

bool failed(const std::vector<Probe>& probes) {
  return std::any_of(probes.begin(), probes.end(),
                     [](const Probe& probe) { return probe.status == Probe::Status::kFail; });
}

}  // namespace

ExitCode runCheck(const Terminal& terminal, const CommonOptions& options,
                  const CheckArguments& arguments) {
  const auto probes = loader::probe(arguments.pin_root);
  const auto items = probeItems(probes);
  if (!printDocument(terminal, observe::envelope("Check", items), options.format))
    for (const auto& item : items) printProbe(terminal, item);
  if (!failed(probes)) return kOk;
  terminal.err << "this machine cannot run Sluice as it is: see the hints\n";
  return kFailed;
}

}  // namespace sluice::cli
