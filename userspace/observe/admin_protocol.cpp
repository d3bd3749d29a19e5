// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/admin_protocol.h"

#include <utility>

namespace sluice::observe {
namespace {

constexpr std::pair<Error::Code, std::string_view> kCodes[] = {
    {Error::Code::kInvalid, "invalid"},       {Error::Code::kNotFound, "notFound"},
    {Error::Code::kPermission, "permission"}, {Error::Code::kUnavailable, "unavailable"},
    {Error::Code::kExhausted, "exhausted"},   {Error::Code::kUnsupported, "unsupported"},
    {Error::Code::kSystem, "system"},
};

std::string_view codeName(Error::Code code) {
  for (const auto& [known, name] : kCodes)
    if (known == code) return name;
  return "system";
}

Error::Code codeOf(std::string_view name) {
  for (const auto& [code, known] : kCodes)
    if (known == name) return code;
  return Error::Code::kSystem;
}

}  // namespace

Json errorAnswer(const Error& error) {
  return {
      {"apiVersion", kApiVersion},
      {"kind", "Error"},
      {"error",
       {{"code", codeName(error.code())}, {"message", error.message()}, {"hint", error.hint()}}}};
}

Result<Json> readAnswer(std::string_view line) {
  auto answer = parseJson(line, "the agent's answer");
  if (!answer) return answer;
  if (!answer->is_object() || textAt(*answer, "apiVersion") != kApiVersion)
    return Error(Error::Code::kInvalid, "the agent's answer is not of " + std::string(kApiVersion),
                 "sluicectl and sluiced must be of the same version: compare sluicectl version");
  if (textAt(*answer, "kind") != "Error") return answer;
  const auto error = answer->value("error", Json::object());
  if (!error.is_object()) return Error(Error::Code::kInvalid, "the agent's error has no form");
  return Error(codeOf(textAt(error, "code")), textAt(error, "message"), textAt(error, "hint"));
}

}  // namespace sluice::observe
