// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/pipe_pool.h"

#include <cstring>
#include <utility>

#include "userspace/base/log.h"
#include "userspace/proxy/options.h"

namespace sluice::proxy {

namespace {

/// Free ones that are worth their descriptors.
constexpr size_t kKept = 16;

}  // namespace

std::unique_ptr<Pipe> PipePool::take() {
  if (lent_ >= most_) return nullptr;
  std::unique_ptr<Pipe> pipe;
  if (!kept_.empty()) {
    pipe = std::move(kept_.back());
    kept_.pop_back();
  } else if (auto made = Pipe::create(kPipeBytes); made.ok()) {
    pipe = *std::move(made);
  } else {
    ++stats_.splice_failures;  // tried again: it is descriptors that are missing
    return nullptr;
  }
  ++lent_;
  return pipe;
}

void PipePool::give(std::unique_ptr<Pipe> pipe) {
  --lent_;
  if (pipe->empty() && kept_.size() < kKept) kept_.push_back(std::move(pipe));
}

void PipePool::giveUp(int error) {
  ++stats_.splice_failures;
  most_ = 0;
  kept_.clear();
  log::warn("splice(2) does not work, large bodies are copied: {}", std::strerror(error));
}

}  // namespace sluice::proxy
