// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace sluice {

/// Blocks of one size. Keeps some that come back, so that a steady flow allocates nothing.
class BlockPool {
 public:
  using Block = std::unique_ptr<char[]>;

  BlockPool(size_t block_size, size_t keep);

  Block take();
  void give(Block block);
  size_t blockSize() const { return block_size_; }
  /// Blocks that are out.
  size_t lent() const { return lent_; }

 private:
  size_t block_size_;
  size_t keep_;
  size_t lent_ = 0;
  std::vector<Block> kept_;
};

/// Bytes between a reader and a writer, in one piece. Holds a block only while it has bytes or
/// was asked for space. Views of the bytes are valid until the next call that is not const,
/// consume() excepted.
class Buffer {
 public:
  /// Leaves `headroom` bytes of each block free in front of the bytes, for replace().
  Buffer(BlockPool& pool, size_t headroom) : pool_(pool), headroom_(headroom) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { clear(); }

  std::string_view data() const { return {block_.get() + begin_, end_ - begin_}; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  /// Where more bytes can go; empty when the buffer is full.
  std::span<char> space();
  /// So many bytes of space() have been written.
  void commit(size_t size) { end_ += size; }
  void append(std::string_view text);

  void consume(size_t size);
  /// Takes bytes out of the middle.
  void erase(size_t at, size_t size);
  /// Puts `text`, which must not point into here, where `size` bytes are, from offset `at` on.
  /// False, and nothing is changed, when there is no room. What is in front moves as long as there
  /// is headroom, which costs least when it is short; else what is behind.
  [[nodiscard]] bool replace(size_t at, size_t size, std::string_view text);

  /// Gives the block back if there is nothing in it.
  void releaseIfEmpty();
  void clear();

 private:
  bool growBehind(size_t at, size_t size, std::string_view text);

  BlockPool& pool_;
  size_t headroom_;
  BlockPool::Block block_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace sluice
