// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/runner/explanation.h"

#include "tests/cases/runner/traffic.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace sluice::test {

bool wantsExplanation(const Case& test) {
  return test.expect.contains("effective") || test.expect.contains("lb");
}

Result<nlohmann::json> explain(const Case& test, const std::filesystem::path& directory,
                               const std::string& from) {
  auto traffic = Traffic::from(test, {});
  if (!traffic) return std::move(traffic).error();
  const HttpRequest& request = traffic->request;
  Arguments argv = {programPath("sluicectl"),
                    "explain",
                    "-f",
                    directory,
                    "--from",
                    from,
                    "--to",
                    test.request.at("to"),
                    "--method",
                    request.method,
                    "--path",
                    request.target,
                    "--host",
                    request.host,
                    "-o",
                    "json"};
  for (const auto& [name, value] : request.headers)
    argv.insert(argv.end(), {"-H", name + ": " + value});
  auto said = runChecked(argv);
  if (!said) return std::move(said).error();
  auto json = nlohmann::json::parse(*said, nullptr, false);
  if (json.is_discarded())
    return Error(Error::Code::kInvalid, "sluicectl explain has said: " + *said);
  return json;
}

}  // namespace sluice::test
