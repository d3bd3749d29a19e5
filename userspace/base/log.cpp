// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>

#include <memory>

namespace sluice::log {

Result<void> setUp(std::string_view process, std::string_view level) {
  const auto parsed = spdlog::level::from_str(std::string(level));
  if (parsed == spdlog::level::off && level != "off") {
    return Error(Error::Code::kInvalid, fmt::format("log level \"{}\" is unknown", level),
                 "use trace, debug, info, warn, error or off");
  }
  auto logger = std::make_shared<spdlog::logger>(std::string(process),
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %n: %v");
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

}  // namespace sluice::log
