// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http2/received_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice::http2 {

namespace {

/// Taken bytes that are worth a move of those behind them.
constexpr size_t kWorthMoving = 16 * 1024;
/// Room for the largest head behind as many bytes of interim ones.
constexpr size_t kMaxWaitingHeads = 2 * kMaxFieldSectionBytes;

void dropTaken(std::string& text, size_t& at) {
  if (at < text.size() && at < kWorthMoving) return;
  text.erase(0, at);
  at = 0;
}

}  // namespace

bool ReceivedMessage::addHead(std::string_view head, Framing framing) {
  if (staged_.size() - staged_at_ + head.size() > kMaxWaitingHeads) return false;
  staged_.append(head);
  framing_ = framing;
  return true;
}

bool ReceivedMessage::addData(std::string_view data) {
  if (framing_ == Framing::kNone || ended_) return false;
  data_.append(data);
  return true;
}

void ReceivedMessage::end(std::string_view trailers) {
  if (ended_) return;
  ended_ = true;
  end_staged_ = framing_ != Framing::kChunked;
  trailers_ = trailers;
}

bool ReceivedMessage::empty() const {
  return staged_at_ == staged_.size() && data_at_ == data_.size() && (!ended_ || end_staged_);
}

ReceivedMessage::Taken ReceivedMessage::take(std::span<char> space) {
  Taken taken;
  while (taken.bytes < space.size()) {
    const auto rest = space.subspan(taken.bytes);
    if (staged_at_ < staged_.size()) {
      const size_t count = copy(std::string_view(staged_).substr(staged_at_), rest);
      staged_at_ += count;
      taken.bytes += count;
    } else if (chunk_left_ > 0) {
      const size_t count = copy(std::string_view(data_).substr(data_at_, chunk_left_), rest);
      data_at_ += count;
      chunk_left_ -= count;
      taken.bytes += count;
      taken.data += count;
      if (chunk_left_ == 0 && framing_ == Framing::kChunked) staged_.append("\r\n");
    } else if (!stage()) {
      break;
    }
    dropTaken(staged_, staged_at_);
    dropTaken(data_, data_at_);
  }
  return taken;
}

/// Begins a chunk of all data that is here, or the end. False when there is neither.
bool ReceivedMessage::stage() {
  if (data_at_ < data_.size()) {
    chunk_left_ = data_.size() - data_at_;
    if (framing_ == Framing::kChunked)
      fmt::format_to(std::back_inserter(staged_), "{:x}\r\n", chunk_left_);
    return true;
  }
  if (!ended_ || end_staged_) return false;
  end_staged_ = true;
  staged_.append("0\r\n").append(trailers_).append("\r\n");
  return true;
}

size_t ReceivedMessage::copy(std::string_view from, std::span<char> to) {
  const size_t count = std::min(from.size(), to.size());
  std::ranges::copy(from.substr(0, count), to.begin());
  return count;
}

}  // namespace sluice::http2
