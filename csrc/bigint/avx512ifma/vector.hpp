// Eight 64-bit lanes, 52-bit multiply-add, and compile-time loops. No std here: an inline std function
// compiled with ISA flags could be picked by the linker for the whole program.
#pragma once

#include "../../base/simd.hpp"
#include "../kernels.hpp"

namespace heflow::bigint::avx512ifma {
namespace {

using Vec = __m512i;

constexpr unsigned kLanes = 8;
constexpr unsigned kRadix = 52;
constexpr int kTile = 5;  // limbs a tile: 10 accumulators, 5 multiplicands and the rest fit 32 registers
constexpr Word kMask = (Word{1} << kRadix) - 1;

HEFLOW_INLINE Vec zero() { return _mm512_setzero_si512(); }
HEFLOW_INLINE Vec broadcast(Word x) { return _mm512_set1_epi64(static_cast<long long>(x)); }
HEFLOW_INLINE Vec plus(Vec a, Vec b) { return _mm512_add_epi64(a, b); }
HEFLOW_INLINE Vec minus(Vec a, Vec b) { return _mm512_sub_epi64(a, b); }
HEFLOW_INLINE Vec low(Vec a) { return _mm512_and_si512(a, broadcast(kMask)); }
// Arithmetic shift: single columns may be negative although the number is not.
HEFLOW_INLINE Vec carry_of(Vec a) { return _mm512_srai_epi64(a, kRadix); }
HEFLOW_INLINE Vec madd_low(Vec c, Vec a, Vec b) { return _mm512_madd52lo_epu64(c, a, b); }
HEFLOW_INLINE Vec madd_high(Vec c, Vec a, Vec b) { return _mm512_madd52hi_epu64(c, a, b); }

HEFLOW_INLINE const Vec* vec(const Word* p) { return reinterpret_cast<const Vec*>(p); }
HEFLOW_INLINE Vec* vec(Word* p) { return reinterpret_cast<Vec*>(p); }

}  // namespace
}  // namespace heflow::bigint::avx512ifma
