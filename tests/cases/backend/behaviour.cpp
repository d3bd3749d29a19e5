// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/backend/behaviour.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;

constexpr std::string_view kAlways = "always ";

Error unknown(const json& what) {
  return {Error::Code::kInvalid, "no behaviour of a backend: " + what.dump()};
}

std::string scalarText(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// A value, or a list with a value for each line of that name.
void addHeaders(const json& fields, HttpHeaders& headers) {
  for (const auto& [name, value] : fields.items()) {
    if (!value.is_array()) {
      headers.emplace_back(name, scalarText(value));
    } else {
      for (const auto& line : value) headers.emplace_back(name, scalarText(line));
    }
  }
}

Result<Step> stepOfText(const std::string& text, Step step) {
  if (text == "reset") {
    step.kind = Step::Kind::kReset;
  } else if (text == "refuse-connection") {
    step.kind = Step::Kind::kRefuse;
  } else if (text.starts_with(kAlways)) {
    const auto number = std::string_view(text).substr(kAlways.size());
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), step.status);
    if (error != std::errc() || end != number.data() + number.size()) return unknown(text);
  } else {
    return unknown(text);
  }
  return step;
}

/// What `json` does not say is as in `usual`.
Result<Step> stepOf(const json& what, const Step& usual) {
  if (what.is_string()) return stepOfText(what.get<std::string>(), usual);
  Step step = usual;
  if (what.is_number_integer()) {
    step.status = what.get<int>();
    return step;
  }
  if (!what.is_object()) return unknown(what);
  for (const auto& [key, value] : what.items()) {
    if (key == "delay_ms" && value.is_number_integer()) {
      step.delay = std::chrono::milliseconds(value.get<int64_t>());
    } else if (key == "status" && value.is_number_integer()) {
      step.status = value.get<int>();
    } else if (key == "headers" && value.is_object()) {
      addHeaders(value, step.headers);
    } else {
      return unknown(what);
    }
  }
  return step;
}

Result<void> readDoors(const json& list, std::set<SocketAddress>& doors) {
  for (const auto& item : list) {
    const auto text = item.get<std::string>();
    const size_t colon = text.rfind(':');
    auto ip = IpAddress::parse(text.substr(0, colon));
    if (!ip || colon == std::string::npos) return unknown(item);
    doors.insert({*ip, static_cast<uint16_t>(std::stoi(text.substr(colon + 1)))});
  }
  return {};
}

Result<void> readEndpoints(const json& map, const Step& usual, std::map<IpAddress, Step>& steps) {
  for (const auto& [address, what] : map.items()) {
    auto ip = IpAddress::parse(address);
    if (!ip) return std::move(ip).error();
    auto step = stepOf(what, usual);
    if (!step) return std::move(step).error();
    steps[*ip] = *std::move(step);
  }
  return {};
}

}  // namespace

Result<Behaviour> Behaviour::from(const json& json) {
  Behaviour behaviour;
  SLUICE_TRY(readDoors(json.at("doors"), behaviour.doors));
  behaviour.usual.delay = std::chrono::milliseconds(json.value("delayMs", 0));
  addHeaders(json.value("responseHeaders", nlohmann::json::object()), behaviour.usual.headers);
  for (const auto& item : json.value("script", nlohmann::json::array())) {
    auto step = stepOf(item, behaviour.usual);
    if (!step) return std::move(step).error();
    behaviour.script.push_back(*std::move(step));
  }
  SLUICE_TRY(readEndpoints(json.value("byEndpoint", nlohmann::json::object()), behaviour.usual,
                           behaviour.by_endpoint));
  return behaviour;
}

std::set<SocketAddress> Behaviour::closedDoors() const {
  std::set<SocketAddress> closed;
  for (const auto& door : doors) {
    const auto step = by_endpoint.find(door.ip);
    if (step != by_endpoint.end() && step->second.kind == Step::Kind::kRefuse) closed.insert(door);
  }
  return closed;
}

}  // namespace sluice::test
