// SPDX-License-Identifier: Apache-2.0
// Files change, are spoilt and come back in any order. What is in force is each resource's last
// good version, as if the others were not there, and no update takes a subset away that is needed.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/routing/random_steps.h"
#include "tests/unit/routing/same_routing.h"
#include "userspace/observe/json.h"
#include "userspace/observe/resource_views.h"
#include "userspace/routing/hold_back.h"
#include "userspace/routing/names.h"
#include "userspace/routing/resolver.h"
#include "userspace/source/kinds.h"
#include "userspace/source/resource_store.h"

namespace sluice::agent {
namespace {

using source::SourceFile;
using test::RandomMesh;
using test::Step;
using test::Steps;
using SnapshotPointer = std::shared_ptr<const Snapshot>;

/// Texts of resources by "VirtualService/shop/a".
using Texts = std::map<std::string, std::string>;

std::string textOf(const source::Resource& resource) {
  return observe::toText(observe::jsonOf(*source::encodeResource(resource)));
}

std::string idOf(const source::Kind& kind, const source::Resource& resource) {
  const auto key = std::visit(
      [](const auto& item) -> std::string {
        if constexpr (requires { item->metadata; })
          return item->metadata.key();
        else
          return "";
      },
      resource);
  return std::string(kind.name) + "/" + key;
}

/// All but the agent's settings.
Texts textsOf(const Snapshot& snapshot) {
  Texts texts;
  for (const auto& kind : source::kinds())
    if (!kind.is_single)
      for (const auto& resource : source::resourcesOf(snapshot, kind))
        texts[idOf(kind, resource)] = textOf(resource);
  return texts;
}

/// What is understood of a document that stands alone; nothing when it is wrong.
std::optional<std::string> understood(const std::string& text) {
  const auto decoded = source::decodeFile({"alone.yaml", text, std::nullopt});
  const auto& resource = decoded.documents.at(0).resource();
  return resource ? std::optional(textOf(*resource)) : std::nullopt;
}

/// A folder in which each kind and namespace has a file, and what must be in force of it.
class Folder {
 public:
  /// Brings the files to what `wanted` says, as far as nothing is spoilt on the way.
  void write(const Texts& wanted, std::mt19937& random) {
    std::map<std::string, Texts> by_file;
    for (const auto& [name, last] : written_) by_file[name];
    for (const auto& [id, text] : wanted) by_file[fileOf(id)][id] = text;
    for (const auto& [name, texts] : by_file)
      if (written_[name] != texts || spoilt_.contains(name)) writeFile(name, texts, random);
  }

  std::vector<SourceFile> files() const {
    std::vector<SourceFile> all;
    all.reserve(files_.size());
    for (const auto& [name, file] : files_) all.push_back(file);
    return all;
  }

  Texts expected() const {
    Texts all;
    for (const auto& [name, texts] : good_) all.insert(texts.begin(), texts.end());
    return all;
  }

 private:
  /// "VirtualService/shop/a" is in "VirtualService-shop.yaml".
  static std::string fileOf(const std::string& id) {
    auto name = id.substr(0, id.rfind('/'));
    std::ranges::replace(name, '/', '-');
    return name + ".yaml";
  }

  void writeFile(const std::string& name, const Texts& texts, std::mt19937& random) {
    written_[name] = texts;
    spoilt_.erase(name);
    switch (random() % 6) {
      case 0:
        spoilt_.insert(name);
        files_[name] = {name, "a: [\n", std::nullopt};
        return;
      case 1:
        spoilt_.insert(name);
        files_[name] = {name, "", Error::system("open " + name, EACCES)};
        return;
      case 2:
        return writeDocuments(name, texts, random() % (texts.size() + 1));
      default:
        return writeDocuments(name, texts, texts.size());
    }
  }

  /// The document at `wrong` is refused; none is when it is their number.
  void writeDocuments(const std::string& name, const Texts& texts, size_t wrong) {
    if (wrong < texts.size()) spoilt_.insert(name);
    std::string text;
    Texts good;
    size_t index = 0;
    for (const auto& [id, document] : texts) {
      const auto written = index++ == wrong ? "{\"nonsense\": 1, " + document.substr(1) : document;
      text += "---\n" + written + "\n";
      if (const auto now = understood(written))
        good[id] = *now;
      else if (const auto last = good_[name].find(id); last != good_[name].end())
        good.insert(*last);
    }
    good_[name] = std::move(good);
    files_[name] = {name, text, std::nullopt};
    if (texts.empty()) files_.erase(name);
  }

  std::map<std::string, SourceFile> files_;
  std::map<std::string, Texts> written_;  ///< what they shall say
  std::set<std::string> spoilt_;          ///< that do not say it
  std::map<std::string, Texts> good_;
};

/// A subset that a rule names.
struct Named {
  std::string host;  ///< full
  std::string subset;
};

std::vector<Named> subsetsIn(const VirtualService& service, const std::string& domain) {
  std::vector<Named> all;
  const auto add = [&](const Destination& to) {
    if (!to.subset.empty())
      all.push_back({routing::fullHost(to.host, service.metadata.namespace_, domain), to.subset});
  };
  const auto add_route = [&](const auto& rule) {
    for (const auto& entry : rule.route) add(entry.destination);
  };
  for (const auto& rule : service.http) {
    add_route(rule);
    for (const auto& mirror : rule.mirrors) add(*mirror.destination);
  }
  for (const auto& rule : service.tcp) add_route(rule);
  for (const auto& rule : service.tls) add_route(rule);
  return all;
}

Snapshot::List<DestinationRule> definitionsOf(const Named& named, const Snapshot& snapshot) {
  Snapshot::List<DestinationRule> found;
  for (const auto& rule : snapshot.destination_rules) {
    const auto host =
        routing::fullHost(rule->host, rule->metadata.namespace_, snapshot.agent.cluster_domain);
    if (!routing::hostMatches(host, named.host)) continue;
    if (std::ranges::count(rule->subsets, named.subset, &Subset::name)) found.push_back(rule);
  }
  return found;
}

template <typename T>
std::shared_ptr<const T> find(const Snapshot::List<T>& list, const std::string& key) {
  const auto at =
      std::ranges::find(list, key, [](const auto& item) { return item->metadata.key(); });
  return at == list.end() ? nullptr : *at;
}

std::vector<Named> undefinedIn(const VirtualService& service, const Snapshot& snapshot) {
  auto named = subsetsIn(service, snapshot.agent.cluster_domain);
  std::erase_if(named, [&](const auto& one) { return !definitionsOf(one, snapshot).empty(); });
  return named;
}

/// A rule that is about another host now cannot have its old subsets as well.
bool isExcused(const Named& named, const Snapshot& before, const Snapshot& next) {
  const auto rules = definitionsOf(named, before);
  return std::ranges::all_of(rules, [&](const auto& rule) {
    const auto now = find(next.destination_rules, rule->metadata.key());
    return now && now->host != rule->host;
  });
}

/// A VirtualService that had all its subsets and has one no more.
std::string lostSubset(const Snapshot& before, const Snapshot& next, const Snapshot& after) {
  for (const auto& service : after.virtual_services) {
    const auto last = find(before.virtual_services, service->metadata.key());
    if (!last || !undefinedIn(*last, before).empty()) continue;
    for (const auto& named : undefinedIn(*service, after))
      if (!isExcused(named, before, next))
        return service->metadata.key() + " lost " + named.subset + " of " + named.host;
  }
  return "";
}

/// What is in force in another version than the files' is said to be held back, and the other way
/// round.
template <typename T>
std::string wronglyHeld(const std::string& kind, const Snapshot::List<T>& next,
                        const Snapshot::List<T>& after, const std::set<std::string>& held) {
  for (const auto& item : next)
    if (!find(after, item->metadata.key())) return kind + item->metadata.key() + " is lost";
  for (const auto& item : after) {
    const auto id = kind + item->metadata.key();
    if ((find(next, item->metadata.key()) != item) != held.contains(id))
      return id + (held.contains(id) ? " is not held back" : " is held back");
  }
  return "";
}

std::string wronglyHeld(const Snapshot& next, const routing::Consistent& result) {
  std::set<std::string> held;
  for (const auto& item : result.held) held.insert(item.resource);
  const auto& after = *result.snapshot;
  auto wrong = wronglyHeld("VirtualService/", next.virtual_services, after.virtual_services, held);
  if (wrong.empty())
    wrong = wronglyHeld("DestinationRule/", next.destination_rules, after.destination_rules, held);
  return wrong;
}

/// From the files of a folder to a routing, as an agent goes.
class Life {
 public:
  std::string take(const Step& step) {
    const auto what = mesh_.step(step.seed);
    if (step.more_follow) return "";
    std::mt19937 random(step.seed);
    folder_.write(textsOf(mesh_.snapshot()), random);
    const auto wrong = update();
    return wrong.empty() ? "" : wrong + " after " + what;
  }

  int updatesHeld() const { return updates_held_; }

 private:
  std::string update() {
    store_.update(folder_.files());
    const auto next = store_.snapshot();
    if (auto wrong = difference(textsOf(*next), folder_.expected()); !wrong.empty()) return wrong;
    const auto result = hold_back_.update(next, in_force_);
    const auto anew = routing::HoldBack().update(next, in_force_);
    if (anew.held != result.held || textsOf(*anew.snapshot) != textsOf(*result.snapshot))
      return "what is held back depends on what was before";
    const auto before = std::exchange(in_force_, result.snapshot);
    const auto routing = resolver_.update(result.snapshot);
    updates_held_ += result.held.empty() ? 0 : 1;
    if (auto wrong = lostSubset(*before, *next, *in_force_); !wrong.empty()) return wrong;
    if (auto wrong = wronglyHeld(*next, result); !wrong.empty()) return wrong;
    return result.held.empty() ? differenceToFirstStart(*routing) : "";
  }

  static std::string difference(const Texts& present, const Texts& expected) {
    for (const auto& [id, text] : expected) {
      const auto at = present.find(id);
      if (at == present.end()) return id + " is missing";
      if (at->second != text) return id + " is " + at->second + " instead of " + text;
    }
    for (const auto& [id, text] : present)
      if (!expected.contains(id)) return id + " is too many";
    return "";
  }

  /// What the good versions give when they are all there is from the start.
  std::string differenceToFirstStart(const routing::Routing& routing) const {
    std::string text;
    for (const auto& [id, document] : folder_.expected()) text += "---\n" + document + "\n";
    source::ResourceStore store;
    store.update({{"all.yaml", text, std::nullopt}});
    const auto first =
        routing::HoldBack().update(store.snapshot(), std::make_shared<const Snapshot>());
    if (!first.held.empty()) return "held back at a first start";
    return test::RoutingDifference::between(routing, *routing::Resolver().update(first.snapshot));
  }

  RandomMesh mesh_;
  Folder folder_;
  source::ResourceStore store_;
  routing::HoldBack hold_back_;
  routing::Resolver resolver_;
  SnapshotPointer in_force_ = std::make_shared<const Snapshot>();
  int updates_held_ = 0;
};

TEST(UpdateProperty, EachResourcesLastGoodVersionIsInForce) {
  int held = 0;
  test::holdsForEach(test::seedsFrom(1, 12), 60, [&](const Steps& steps) {
    Life life;
    std::optional<std::string> failure;
    for (size_t i = 0; i < steps.size() && !failure; ++i)
      if (auto wrong = life.take(steps[i]); !wrong.empty()) failure = std::move(wrong);
    held += life.updatesHeld();
    return failure;
  });
  EXPECT_GT(held, 0) << "no sequence has come to what has to be held back";
}

}  // namespace
}  // namespace sluice::agent
