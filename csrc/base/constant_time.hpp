// Selection without branches. Freestanding: instruction-set folders include it.
#pragma once

#include <cstdint>

namespace heflow {

// Hides a value from the optimiser, so that it cannot turn masks back into branches.
static inline std::uint64_t ct_barrier(std::uint64_t x) {
  __asm__("" : "+r"(x));
  return x;
}

// 1 -> all ones, 0 -> 0
static inline std::uint64_t ct_mask(std::uint64_t bit) { return ct_barrier(0 - bit); }

static inline std::uint64_t ct_select(std::uint64_t mask, std::uint64_t a, std::uint64_t b) { return b ^ (mask & (a ^ b)); }

static inline std::uint64_t ct_is_zero_mask(std::uint64_t x) { return ct_mask(((x | (0 - x)) >> 63) ^ 1); }

static inline std::uint64_t ct_equal_mask(std::uint64_t a, std::uint64_t b) { return ct_is_zero_mask(a ^ b); }

}  // namespace heflow
