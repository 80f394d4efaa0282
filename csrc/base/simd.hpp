// What instruction-set folders need of the compiler: intrinsics, and code that is always inlined. Freestanding, and
// nothing with a name outside its file: a function compiled with instruction-set flags that the linker could
// pick for the whole program would end it on older CPUs.
#pragma once

// gcc 12's own intrinsics warn of their deliberately undefined operands.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

#define HEFLOW_INLINE static inline __attribute__((always_inline))
#define HEFLOW_INLINE_MEMBER inline __attribute__((always_inline))
#define HEFLOW_LAMBDA __attribute__((always_inline))
#if defined(__clang__)
#define HEFLOW_UNROLL _Pragma("clang loop unroll(full)")
#else
#define HEFLOW_UNROLL _Pragma("GCC unroll 16")
#endif

namespace heflow {
namespace {

template <int I>
struct Index {
  constexpr operator int() const { return I; }
};

// body(Index<First>), ..., body(Index<Last - 1>): straight-line code, so that arrays live in registers.
template <int First, int Last, class Body>
HEFLOW_INLINE void unroll(const Body& body) {
  if constexpr (First < Last) {
    body(Index<First>{});
    unroll<First + 1, Last>(body);
  }
}

}  // namespace
}  // namespace heflow
