// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/configuration.h"

#include <utility>

#include "userspace/base/log.h"
#include "userspace/base/memory.h"

namespace sluice::agent {
namespace {

/// "rules.yaml:14:19: VirtualService/shop/catalog spec.http[0].route: … (IST0106); hint".
std::string lineOf(const Diagnostic& diagnostic) {
  auto line = diagnostic.position.text() + ": ";
  if (!diagnostic.resource.empty()) line += diagnostic.resource + " ";
  if (!diagnostic.field.empty()) line += diagnostic.field + ": ";
  line += diagnostic.message + " (" + diagnostic.code + ")";
  if (!diagnostic.hint.empty()) line += "; " + diagnostic.hint;
  return line;
}

void logAs(Diagnostic::Level level, const std::string& line) {
  switch (level) {
    case Diagnostic::Level::kError:
      return log::error("{}", line);
    case Diagnostic::Level::kWarning:
      return log::warn("{}", line);
    case Diagnostic::Level::kInfo:
      return log::info("{}", line);
  }
}

/// Reading so much leaves memory behind that nothing else needs: a quarter of a large mesh.
constexpr size_t kMuch = size_t{8} << 20;

size_t textOf(const std::vector<source::SourceFile>& files) {
  size_t bytes = 0;
  for (const auto& file : files) bytes += file.text.size();
  return bytes;
}

}  // namespace

Result<std::unique_ptr<Configuration>> Configuration::open(Reactor& reactor, std::string directory,
                                                           Rollout& rollout, Enroller& enroller) {
  std::unique_ptr<Configuration> made(new Configuration(std::move(directory), rollout, enroller));
  auto watch = source::DirectoryWatch::create(
      reactor, made->directory_,
      [raw = made.get()](auto files) { raw->onFiles(std::move(files)); });
  if (!watch) return std::move(watch).error().in("watch " + made->directory_);
  made->watch_ = *std::move(watch);
  made->watch_->rescan();
  return made;
}

void Configuration::rescan(std::function<void()> done) {
  watch_->rescan();
  rollout_.whenSettled([this, done = std::move(done)] { enroller_.whenAttempted(done); });
}

void Configuration::onFiles(Result<std::vector<source::SourceFile>> files) {
  if (!files) {
    log::error("{}; what was read before stays in force", files.error().message());
    return rollout_.unreadable();
  }
  const bool much = textOf(*files) >= kMuch;
  const bool changed = store_.update(std::exchange(*files, {}));  // so that the texts are gone
  logNews();
  // The first one counts even if it is empty: what an earlier agent left must go.
  if (const bool first = !std::exchange(applied_, true); changed || first) {
    const auto snapshot = store_.snapshot();
    rollout_.apply(snapshot);
    enroller_.want(snapshot->workloads);
  }
  if (much) rollout_.whenSettled(giveBackMemory);
}

/// Each finding once, as long as it lasts.
void Configuration::logNews() {
  std::set<std::string> found;
  for (const auto& diagnostic : store_.diagnostics()) {
    const auto line = lineOf(diagnostic);
    if (!logged_.contains(line) && !found.contains(line)) logAs(diagnostic.level, line);
    found.insert(line);
  }
  logged_ = std::move(found);
}

}  // namespace sluice::agent
