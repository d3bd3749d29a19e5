// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/rule_book.h"

#include <utility>

namespace sluice::routing {
namespace {

template <typename T>
void keepObject(Shared<T>& value, const Shared<T>& last) {
  if (value == last) value = last;
}

}  // namespace

const RuleBook::Entry& RuleBook::find(const Key& key, const Compile& compile) {
  Made& made = made_[key];
  if (made.update == update_) return made;
  if (made.name.empty()) made.name = std::to_string(++names_);
  Reads reads;
  JointTraits traits;
  auto rules = compile(reads, traits);
  keepObject(rules.rules, made.rules.rules);
  keepObject(rules.skipped, made.rules.skipped);
  made.rules = std::move(rules);
  made.traits = std::move(traits);
  made.update = update_;
  reads_.insert_or_assign(made.name, std::move(reads));
  return made;
}

void RuleBook::startUpdate(const std::set<std::string>& changed) {
  ++update_;
  for (const auto& name : changed) {
    const auto first = made_.lower_bound({name, 0, {}});
    auto last = first;
    while (last != made_.end() && last->first.virtual_service == name) ++last;
    made_.erase(first, last);
  }
}

}  // namespace sluice::routing
