// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/buffer.h"

#include <algorithm>
#include <cstring>

namespace sluice {

BlockPool::BlockPool(size_t block_size, size_t keep) : block_size_(block_size), keep_(keep) {
  kept_.reserve(keep);
}

BlockPool::Block BlockPool::take() {
  ++lent_;
  // Not zeroed: pages of a block that nothing is written to cost no memory.
  if (kept_.empty()) return std::make_unique_for_overwrite<char[]>(block_size_);
  Block block = std::move(kept_.back());
  kept_.pop_back();
  return block;
}

void BlockPool::give(Block block) {
  --lent_;
  if (kept_.size() < keep_) kept_.push_back(std::move(block));
}

std::span<char> Buffer::space() {
  if (!block_) {
    block_ = pool_.take();
    begin_ = end_ = headroom_;
  }
  if (end_ == pool_.blockSize() && begin_ > headroom_) {
    std::memmove(block_.get() + headroom_, block_.get() + begin_, size());
    end_ = headroom_ + size();
    begin_ = headroom_;
  }
  return {block_.get() + end_, pool_.blockSize() - end_};
}

void Buffer::append(std::string_view text) {
  const auto room = space();
  std::memcpy(room.data(), text.data(), std::min(room.size(), text.size()));
  commit(std::min(room.size(), text.size()));
}

void Buffer::consume(size_t size) {
  begin_ += size;
  if (begin_ == end_) begin_ = end_ = std::min(headroom_, end_);
}

void Buffer::erase(size_t at, size_t size) {
  char* const hole = block_.get() + begin_ + at;
  std::memmove(hole, hole + size, this->size() - at - size);
  end_ -= size;
}

bool Buffer::replace(size_t at, size_t size, std::string_view text) {
  if (begin_ + size < text.size()) return growBehind(at, size, text);
  char* const old_front = block_.get() + begin_;
  begin_ = begin_ + size - text.size();
  char* const front = block_.get() + begin_;
  std::memmove(front, old_front, at);
  std::memcpy(front + at, text.data(), text.size());
  return true;
}

bool Buffer::growBehind(size_t at, size_t size, std::string_view text) {
  const size_t growth = text.size() - size;
  if (end_ + growth > pool_.blockSize()) return false;
  char* const hole = block_.get() + begin_ + at;
  std::memmove(hole + text.size(), hole + size, this->size() - at - size);
  std::memcpy(hole, text.data(), text.size());
  end_ += growth;
  return true;
}

void Buffer::releaseIfEmpty() {
  if (empty()) clear();
}

void Buffer::clear() {
  if (block_) pool_.give(std::move(block_));
  begin_ = end_ = 0;
}

}  // namespace sluice
