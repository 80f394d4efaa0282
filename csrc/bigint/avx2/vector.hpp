// Four 64-bit lanes, as integers and as doubles. No std here: an inline std function compiled with ISA flags
// could be picked by the linker for the whole program.
#pragma once

#include "../../base/simd.hpp"
#include "../kernels.hpp"

namespace heflow::bigint::avx2 {
namespace {

using Vec = __m256i;
using Real = __m256d;

constexpr unsigned kLanes = 4;
constexpr unsigned kRadix = 51;
constexpr Word kMask = (Word{1} << kRadix) - 1;

HEFLOW_INLINE Vec zero() { return _mm256_setzero_si256(); }
HEFLOW_INLINE Vec broadcast(Word x) { return _mm256_set1_epi64x(static_cast<long long>(x)); }
HEFLOW_INLINE Vec plus(Vec a, Vec b) { return _mm256_add_epi64(a, b); }
HEFLOW_INLINE Vec minus(Vec a, Vec b) { return _mm256_sub_epi64(a, b); }
HEFLOW_INLINE Vec both(Vec a, Vec b) { return _mm256_and_si256(a, b); }
HEFLOW_INLINE Vec either(Vec a, Vec b) { return _mm256_or_si256(a, b); }
HEFLOW_INLINE Vec low(Vec a) { return both(a, broadcast(kMask)); }
HEFLOW_INLINE Vec carry_of(Vec a) { return _mm256_srli_epi64(a, kRadix); }  // a must not be negative

HEFLOW_INLINE const Vec* vec(const Word* p) { return reinterpret_cast<const Vec*>(p); }
HEFLOW_INLINE Vec* vec(Word* p) { return reinterpret_cast<Vec*>(p); }

HEFLOW_INLINE Vec bits(Real a) { return _mm256_castpd_si256(a); }
HEFLOW_INLINE Real real(double a) { return _mm256_set1_pd(a); }

// Limbs to doubles: below 2^52, a limb is the mantissa of 2^52 + limb.
HEFLOW_INLINE Real to_real(Vec limb) {
  const Real shift = real(0x1p52);
  return _mm256_sub_pd(_mm256_castsi256_pd(either(limb, bits(shift))), shift);
}

}  // namespace
}  // namespace heflow::bigint::avx2
