// Four residues at a time, as doubles: products modulo p by fused multiplication and addition. Numbers here are
// integers of either sign; ranges: docs/maths/ntt.md.
#pragma once

#include "../../base/simd.hpp"
#include "../kernels.hpp"

namespace heflow::ring::avx2 {
namespace {

using Vec = __m256i;
using Reals = __m256d;

constexpr unsigned kLanes = 4;
constexpr Word kUnit = 0x4330000000000000;    // the bits of 2^52: added to an integer below 2^52, those of their sum
constexpr Word kCentre = 0x4338000000000000;  // of 1.5 2^52: the same for integers of either sign below 2^51 in size

HEFLOW_INLINE Vec broadcast(Word x) { return _mm256_set1_epi64x(static_cast<long long>(x)); }
HEFLOW_INLINE Reals broadcast_bits(Word x) { return _mm256_castsi256_pd(broadcast(x)); }
HEFLOW_INLINE Vec load(const Word* p) { return _mm256_load_si256(reinterpret_cast<const Vec*>(p)); }
HEFLOW_INLINE void store(Word* p, Vec x) { _mm256_store_si256(reinterpret_cast<Vec*>(p), x); }
HEFLOW_INLINE Reals load_bits(const Word* p) { return _mm256_castsi256_pd(load(p)); }
HEFLOW_INLINE void store_bits(Word* p, Reals x) { store(p, _mm256_castpd_si256(x)); }
HEFLOW_INLINE Vec plus(Vec a, Vec b) { return _mm256_add_epi64(a, b); }
HEFLOW_INLINE Vec minus(Vec a, Vec b) { return _mm256_sub_epi64(a, b); }
HEFLOW_INLINE Reals plus(Reals a, Reals b) { return _mm256_add_pd(a, b); }
HEFLOW_INLINE Reals minus(Reals a, Reals b) { return _mm256_sub_pd(a, b); }

// a where x is negative, else b
HEFLOW_INLINE Vec where_negative(Vec x, Vec a, Vec b) {
  return _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(b), _mm256_castsi256_pd(a), _mm256_castsi256_pd(x)));
}

struct Constants {
  Reals p, inverse, centre, unit;
  Vec modulus;
};

HEFLOW_INLINE Constants constants(const Modulus& m) {
  const double p = static_cast<double>(m.p);
  return {_mm256_set1_pd(p), _mm256_set1_pd(1.0 / p), broadcast_bits(kCentre), broadcast_bits(kUnit), broadcast(m.p)};
}

// A constant factor: w, at most p / 2 in size, and w / p.
struct Root {
  Reals value, quotient;
};

HEFLOW_INLINE Root broadcast(const Factor& w, const Modulus& m) {
  const double p = static_cast<double>(m.p), value = static_cast<double>(w.value);
  const double balanced = 2 * value > p ? value - p : value;
  return {_mm256_set1_pd(balanced), _mm256_set1_pd(balanced / p)};
}

// Words below 2^52.
HEFLOW_INLINE Reals to_reals(Vec x, const Constants& c) {
  return minus(_mm256_castsi256_pd(_mm256_or_si256(x, _mm256_castpd_si256(c.unit))), c.unit);
}
HEFLOW_INLINE Reals load_reals(const Word* p, const Constants& c) { return to_reals(load(p), c); }

// Canonical words of any modulus, balanced: either 2^52 or that and the modulus is taken away again.
struct Balanced {
  Vec half, unit, shifted;
  Balanced() = default;
  explicit Balanced(const Modulus& m) : half(broadcast(m.p / 2)), unit(broadcast(kUnit)), shifted(broadcast(kUnit + m.p)) {}
  __attribute__((always_inline)) Reals operator()(const Word* at) const {
    const Vec x = load(at), shift = where_negative(minus(half, x), shifted, unit);
    return minus(_mm256_castsi256_pd(_mm256_or_si256(x, unit)), _mm256_castsi256_pd(shift));
  }
};

HEFLOW_INLINE Reals load_int8(const std::int8_t* a) {
  std::int32_t four;
  __builtin_memcpy(&four, a, sizeof four);
  return _mm256_cvtepi32_pd(_mm_cvtepi8_epi32(_mm_cvtsi32_si128(four)));
}

// x w mod p, at most (1/2 + |x| / 2^54) p in size; |x| < 2^52. The difference of the upper half and q p is exact.
HEFLOW_INLINE Reals times(Reals x, const Root& w, const Constants& c) {
  const Reals high = _mm256_mul_pd(x, w.value);
  const Reals q = minus(_mm256_fmadd_pd(x, w.quotient, c.centre), c.centre);
  const Reals low = _mm256_fmsub_pd(x, w.value, high);
  return plus(_mm256_fnmadd_pd(q, c.p, high), low);
}

// a b mod p, below p in size; |a| < p, |b| <= p or the other way round
HEFLOW_INLINE Reals product(Reals a, Reals b, const Constants& c) {
  const Reals high = _mm256_mul_pd(a, b);
  const Reals q = minus(_mm256_fmadd_pd(high, c.inverse, c.centre), c.centre);
  const Reals low = _mm256_fmsub_pd(a, b, high);
  return plus(_mm256_fnmadd_pd(q, c.p, high), low);
}

// Balanced, at most p / 2 in size (by less than one more); |x| < 2^53 and 2^51 p
HEFLOW_INLINE Reals reduce(Reals x, const Constants& c) {
  return _mm256_fnmadd_pd(minus(_mm256_fmadd_pd(x, c.inverse, c.centre), c.centre), c.p, x);
}

// Integral doubles below 2^98 in size to less than p + 2^47, in size.
struct Wide {
  Root factor;
  Constants c;
  explicit Wide(const Modulus& m) : factor(broadcast(Factor{(Word{1} << 48) % m.p, 0}, m)), c(constants(m)) {}
  __attribute__((always_inline)) Reals operator()(Reals x) const {
    const Reals high = minus(_mm256_fmadd_pd(x, _mm256_set1_pd(0x1p-48), c.centre), c.centre);
    return plus(times(high, factor, c), _mm256_fnmadd_pd(high, _mm256_set1_pd(0x1p48), x));  // the rest is exact
  }
};

// A lazy word times a canonical one, below p in size.
HEFLOW_INLINE Reals product(const Word* lazy, const Word* b, const Constants& c) {
  return product(reduce(load_reals(lazy, c), c), load_reals(b, c), c);
}

// Words of integers below p in size.
HEFLOW_INLINE Vec to_words(Reals x, const Constants& c) {
  const Vec integer = minus(_mm256_castpd_si256(plus(x, c.centre)), _mm256_castpd_si256(c.centre));
  return where_negative(integer, plus(integer, c.modulus), integer);
}

// Four 4 x 4 rows to columns.
HEFLOW_INLINE void transpose(Reals* r) {
  const Reals a = _mm256_unpacklo_pd(r[0], r[1]), b = _mm256_unpackhi_pd(r[0], r[1]);
  const Reals c = _mm256_unpacklo_pd(r[2], r[3]), d = _mm256_unpackhi_pd(r[2], r[3]);
  r[0] = _mm256_permute2f128_pd(a, c, 0x20), r[1] = _mm256_permute2f128_pd(b, d, 0x20);
  r[2] = _mm256_permute2f128_pd(a, c, 0x31), r[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

}  // namespace
}  // namespace heflow::ring::avx2
