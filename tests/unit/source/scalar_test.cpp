// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/scalar.h"

#include <gtest/gtest.h>

namespace sluice::source {
namespace {

TEST(Scalar, TypesAsKubernetesReaderDoes) {
  using Type = ScalarType;
  const std::vector<std::pair<const char*, Type>> cases = {
      {"y", Type::kBool},
      {"n", Type::kBool},
      {"yes", Type::kBool},
      {"No", Type::kBool},
      {"ON", Type::kBool},
      {"off", Type::kBool},
      {"true", Type::kBool},
      {"FALSE", Type::kBool},
      {"yEs", Type::kString},
      {"", Type::kNull},
      {"~", Type::kNull},
      {"null", Type::kNull},
      {"nULL", Type::kString},
      {"0", Type::kInteger},
      {"-5", Type::kInteger},
      {"42", Type::kInteger},
      {"010", Type::kUnclearNumber},
      {"0x1F", Type::kUnclearNumber},
      {"0b1", Type::kUnclearNumber},
      {"0o7", Type::kUnclearNumber},
      {"1_000", Type::kUnclearNumber},
      {"+5", Type::kUnclearNumber},
      {"1_0.5", Type::kUnclearNumber},
      {".5_0", Type::kUnclearNumber},
      {"08", Type::kUnclearNumber},
      {"1.5", Type::kFloat},
      {".5", Type::kFloat},
      {"5.", Type::kFloat},
      {"1e3", Type::kFloat},
      {"-1.5E-2", Type::kFloat},
      {".inf", Type::kFloat},
      {".NaN", Type::kFloat},
      {"v1", Type::kString},
      {"1.2.3", Type::kString},
      {"5s", Type::kString},
      {"-", Type::kString},
      {".", Type::kString},
      {"1e", Type::kString},
      {"2026-01-01T00:00:00Z", Type::kString},
      {"12:30", Type::kString},
      {"0xg", Type::kString},
      {"_1", Type::kString},
      {"._1", Type::kString},
      {"0x", Type::kString},
      {"0b2", Type::kString},
      {"0x1ffffffffffffffff", Type::kString},
      {"38e6201", Type::kString},  // the beginning of a commit's hash
      {"1e-400", Type::kFloat},
  };
  for (const auto& [text, type] : cases) EXPECT_EQ(plainScalarType(text), type) << text;
}

TEST(Scalar, KeysAreWhatKubernetesMakesOfThemInJson) {
  const std::vector<std::pair<const char*, const char*>> cases = {{"y", "true"},
                                                                  {"No", "false"},
                                                                  {"on", "true"},
                                                                  {"80", "80"},
                                                                  {"010", "8"},
                                                                  {"08", "8"},
                                                                  {"0x1F", "31"},
                                                                  {"-0x1F", "-31"},
                                                                  {"0b11", "3"},
                                                                  {"0o17", "15"},
                                                                  {"1_000", "1000"},
                                                                  {"+5", "5"},
                                                                  {"-0", "0"},
                                                                  {"1.50", "1.5"},
                                                                  {"1e3", "1000"},
                                                                  {".5", "0.5"},
                                                                  {"1e6", "1e+06"},
                                                                  {"1e21", "1e+21"},
                                                                  {"0.00001", "1e-05"},
                                                                  {"1234567.5", "1.2345675e+06"},
                                                                  {"38e6201", "38e6201"},
                                                                  {"name", "name"},
                                                                  {"yes-no", "yes-no"},
                                                                  {"1.2.3", "1.2.3"},
                                                                  {"", ""}};
  for (const auto& [text, key] : cases) EXPECT_EQ(keyText(text), key) << text;
}

TEST(Scalar, ReadsWholeNumbers) {
  EXPECT_EQ(integerValue("-7"), -7);
  EXPECT_EQ(integerValue("90.0"), 90);
  EXPECT_EQ(integerValue("1e2"), 100);
  EXPECT_EQ(integerValue("1.5"), std::nullopt);
  EXPECT_EQ(integerValue("99999999999999999999"), std::nullopt);
  EXPECT_EQ(integerValue(".inf"), std::nullopt);
}

}  // namespace
}  // namespace sluice::source
