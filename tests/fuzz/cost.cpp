// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/cost.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>

// As <sanitizer/allocator_interface.h> of clang declares them. GCC has AddressSanitizer without
// that header; a build without it has neither.
extern "C" {
int __sanitizer_install_malloc_and_free_hooks(  // NOLINT: the sanitizer's names
    void (*malloc_hook)(const volatile void*, size_t), void (*free_hook)(const volatile void*))
    __attribute__((weak));
size_t __sanitizer_get_allocated_size(const volatile void*) __attribute__((weak));  // NOLINT
}

namespace sluice::test {
namespace {

/// Bytes that are allocated now, and the most since it was reset. Other threads allocate, too.
std::atomic<int64_t> g_allocated = 0;  // NOLINT: the allocator's hooks have no context
std::atomic<int64_t> g_most = 0;       // NOLINT

void onMalloc(const volatile void*, size_t size) {
  const int64_t now = g_allocated += static_cast<int64_t>(size);
  if (now > g_most) g_most = now;
}

void onFree(const volatile void* pointer) {
  g_allocated -= static_cast<int64_t>(__sanitizer_get_allocated_size(pointer));
}

void countAllocations() {
  [[maybe_unused]] static const bool kInstalled =
      __sanitizer_install_malloc_and_free_hooks != nullptr &&
      __sanitizer_install_malloc_and_free_hooks(onMalloc, onFree) != 0;
  // What was allocated before the hooks were there may be freed later: only differences count.
  g_allocated = 0;
  g_most = 0;
}

std::chrono::microseconds threadTime() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  const auto time = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  return std::chrono::duration_cast<std::chrono::microseconds>(time);
}

void check(const char* what, uint64_t cost, const Allowance& allowance, size_t input_bytes) {
  const uint64_t allowed = allowance.of(input_bytes);
  if (cost <= allowed) return;
  std::fprintf(stderr, "an input of %zu bytes costs %llu %s; %llu are allowed\n", input_bytes,
               static_cast<unsigned long long>(cost), what,
               static_cast<unsigned long long>(allowed));
  std::abort();
}

}  // namespace

CostMeter::CostMeter() : start_(threadTime()) { countAllocations(); }

Cost CostMeter::spent() const {
  return {static_cast<uint64_t>(std::max<int64_t>(g_most, 0)), threadTime() - start_};
}

CostGuard::~CostGuard() {
  const Cost cost = meter_.spent();
  check("bytes of memory", cost.memory, limits_.memory, input_bytes_);
  check("microseconds", static_cast<uint64_t>(cost.cpu.count()), limits_.microseconds,
        input_bytes_);
}

}  // namespace sluice::test
