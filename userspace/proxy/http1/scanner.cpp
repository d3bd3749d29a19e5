// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http1/scanner.h"

#include <cstring>

namespace sluice::http1 {

Refusal Scanner::whyNot(char c, Refusal otherwise) const {
  if (c == '\n') return Refusal::kBareLf;
  if (c != '\r') return is(kFieldByte, c) ? otherwise : Refusal::kControlByte;
  return next_ + 1 < end_ && next_[1] != '\n' ? Refusal::kBareCr : otherwise;
}

bool Scanner::skipEmptyLine() {
  if (next_ == end_ || *next_ != '\r') return true;
  return lineEnd();
}

bool Scanner::until(char stop, CharClass wanted, Refusal otherwise, std::string_view& out) {
  const char* const begin = next_;
  while (next_ != end_ && is(wanted, *next_)) ++next_;
  if (next_ == end_) return false;
  if (*next_ != stop || next_ == begin) return refuse(whyNot(*next_, otherwise));
  out = {begin, static_cast<size_t>(next_ - begin)};
  ++next_;
  return true;
}

bool Scanner::restOfLine(std::string_view& out) {
  const char* const begin = next_;
  while (next_ != end_ && is(kFieldByte, *next_)) ++next_;
  if (next_ == end_) return false;
  out = {begin, static_cast<size_t>(next_ - begin)};
  return lineEnd();
}

bool Scanner::literal(char c, Refusal otherwise) {
  if (next_ == end_) return false;
  if (*next_ != c) return refuse(whyNot(*next_, otherwise));
  ++next_;
  return true;
}

bool Scanner::digit(Refusal otherwise, char& out) {
  if (next_ == end_) return false;
  if (!is(kDigit, *next_)) return refuse(whyNot(*next_, otherwise));
  out = *next_++;
  return true;
}

bool Scanner::version(std::string_view& out, int& minor) {
  constexpr std::string_view kPrefix = "HTTP/1.";
  const char* const begin = next_;
  for (const char c : std::string_view("HTTP/")) {
    if (!literal(c, Refusal::kBadStartLine)) return false;
  }
  for (const char c : kPrefix.substr(5)) {
    if (!literal(c, Refusal::kBadVersion)) return false;
  }
  if (next_ == end_) return false;
  if (*next_ != '0' && *next_ != '1') return refuse(Refusal::kBadVersion);
  minor = *next_++ - '0';
  out = {begin, static_cast<size_t>(next_ - begin)};
  return true;
}

bool Scanner::lineEnd() {
  if (next_ == end_) return false;
  if (*next_ != '\r') return refuse(whyNot(*next_, Refusal::kBadStartLine));
  if (next_ + 1 == end_) return false;
  if (next_[1] != '\n') return refuse(Refusal::kBareCr);
  next_ += 2;
  return true;
}

bool Scanner::headers(HeaderList& out) {
  out.clear();
  for (;;) {
    if (next_ == end_) return false;
    if (*next_ == '\r') return lineEnd();
    Header* header = out.add();
    if (header == nullptr) return refuse(Refusal::kTooManyHeaders);
    if (!this->header(*header)) return false;
  }
}

bool Scanner::header(Header& out) {
  if (!headerName(out.name) || !restOfLine(out.value)) return false;
  out.value = trimmed(out.value);
  return true;
}

bool Scanner::headerName(std::string_view& out) {
  if (*next_ == ' ' || *next_ == '\t') return refuse(Refusal::kObsFold);
  if (until(':', kToken, Refusal::kBadHeaderName, out)) return true;
  const bool stopped_at_space =
      refusal_ == Refusal::kBadHeaderName && (*next_ == ' ' || *next_ == '\t');
  return stopped_at_space ? refuse(Refusal::kSpaceBeforeColon) : false;
}

Parsed stillPartial(std::string_view bytes, size_t last_size, bool& complete) {
  // The empty line may have begun in the last three bytes of the previous try.
  size_t at = last_size > 3 ? last_size - 3 : 0;
  complete = false;
  while ((at = bytes.find('\n', at)) != bytes.npos) {
    if (at == 0 || bytes[at - 1] != '\r') return {.refusal = Refusal::kBareLf};
    if (at >= 3 && bytes[at - 2] == '\n') {
      complete = true;
      return {};
    }
    ++at;
  }
  if (bytes.size() >= kMaxHeadBytes) complete = true;
  return {};
}

Parsed conclude(const Scanner& scanner, bool complete, std::string_view bytes) {
  if (complete && scanner.position() <= kMaxHeadBytes) return {.consumed = scanner.position()};
  if (scanner.refusal() != Refusal::kNone) return {.refusal = scanner.refusal()};
  if (complete || bytes.size() >= kMaxHeadBytes) return {.refusal = Refusal::kHeadTooLarge};
  return {};
}

}  // namespace sluice::http1
