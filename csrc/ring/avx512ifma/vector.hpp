// Eight residues at a time: multiplication by constants (Shoup), Montgomery reduction, corrections.
#pragma once

#include "../../base/simd.hpp"
#include "../kernels.hpp"

namespace heflow::ring::avx512ifma {
namespace {

using Vec = __m512i;
using Reals = __m512d;

constexpr unsigned kLanes = 8, kRadix = 52;

HEFLOW_INLINE Vec broadcast(Word x) { return _mm512_set1_epi64(static_cast<long long>(x)); }
HEFLOW_INLINE Vec load(const Word* p) { return _mm512_load_si512(p); }
HEFLOW_INLINE void store(Word* p, Vec x) { _mm512_store_si512(p, x); }
HEFLOW_INLINE Vec plus(Vec a, Vec b) { return _mm512_add_epi64(a, b); }
HEFLOW_INLINE Vec minus(Vec a, Vec b) { return _mm512_sub_epi64(a, b); }
HEFLOW_INLINE Vec zero() { return _mm512_setzero_si512(); }

struct Constants {
  Vec p, twice, minus_p, mask, quotient, inverse;
};

HEFLOW_INLINE Constants constants(const Modulus& m) {
  const Word mask = (Word{1} << kRadix) - 1;
  return {broadcast(m.p),  broadcast(2 * m.p),    broadcast(mask + 1 - m.p),
          broadcast(mask), broadcast(m.quotient), broadcast(m.inverse)};
}

struct Factors {
  Vec value, quotient;
};

HEFLOW_INLINE Factors broadcast(const Factor& w) { return {broadcast(w.value), broadcast(w.quotient)}; }
HEFLOW_INLINE Factors load_factors(const Word* p) { return {load(p), load(p + kLanes)}; }

// w y mod p, below 2p, in the low 52 bits; above them is garbage. Reads the low 52 bits of y.
HEFLOW_INLINE Vec times_unmasked(Vec y, const Factors& w, const Constants& c) {
  const Vec q = _mm512_madd52hi_epu64(zero(), w.quotient, y);
  return _mm512_madd52lo_epu64(_mm512_madd52lo_epu64(zero(), w.value, y), q, c.minus_p);
}

HEFLOW_INLINE Vec masked(Vec x, const Constants& c) { return _mm512_and_si512(x, c.mask); }
HEFLOW_INLINE Vec times(Vec y, const Factors& w, const Constants& c) { return masked(times_unmasked(y, w, c), c); }

// x - bound where that is not negative: x < 2 bound
HEFLOW_INLINE Vec correct(Vec x, Vec bound) { return _mm512_min_epu64(x, minus(x, bound)); }

// Any x below 2^52 (garbage above is ignored) to below 2p.
HEFLOW_INLINE Vec barrett(Vec x, const Constants& c) {
  const Vec q = _mm512_madd52hi_epu64(zero(), c.quotient, x);
  return masked(_mm512_madd52lo_epu64(x, q, c.minus_p), c);
}

HEFLOW_INLINE Vec canonical(Vec x, const Constants& c) { return correct(barrett(x, c), c.p); }

// (high 2^52 + low) / 2^52 mod p, below high + 2^12 + p; low < 2^64
HEFLOW_INLINE Vec montgomery(Vec low, Vec high, const Constants& c) {
  const Vec sum = plus(high, _mm512_srli_epi64(low, kRadix));
  const Vec q = _mm512_madd52lo_epu64(zero(), low, c.inverse);
  return plus(minus(sum, _mm512_madd52hi_epu64(zero(), q, c.p)), c.p);
}

// a b / 2^52 mod p, canonical; a below 2^52, b < p
HEFLOW_INLINE Vec product(Vec a, Vec b, const Constants& c) {
  return correct(montgomery(_mm512_madd52lo_epu64(zero(), a, b), _mm512_madd52hi_epu64(zero(), a, b), c), c.p);
}

// Of canonical residues.
HEFLOW_INLINE Vec sum(Vec a, Vec b, const Constants& c) { return correct(plus(a, b), c.p); }
HEFLOW_INLINE Vec difference(Vec a, Vec b, const Constants& c) {
  const Vec d = minus(a, b);
  return _mm512_min_epu64(d, plus(d, c.p));
}

HEFLOW_INLINE Vec load_int8(const std::int8_t* a) {
  return _mm512_cvtepi8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(a)));
}

HEFLOW_INLINE Factor make_factor(Word w, Word p) {
  return {w, static_cast<Word>((static_cast<unsigned __int128>(w) << kRadix) / p)};
}

constexpr Word kOffset = Word{1} << 50;  // makes integers of either sign positive

// Integral doubles as residues below 2p.
struct SignedReducer {
  Constants c;
  Vec offset;
  Factors shift;  // 2^48
  explicit SignedReducer(const Modulus& m)
      : c(constants(m)),
        offset(broadcast((kOffset + m.p - 1) / m.p * m.p)),
        shift(broadcast(make_factor((Word{1} << 48) % m.p, m.p))) {}
  // Below 2^50 in size: to a positive word below 2^52.
  __attribute__((always_inline)) Vec lifted(Reals x) const { return plus(_mm512_cvtpd_epi64(x), offset); }
  __attribute__((always_inline)) Vec operator()(Reals x) const { return barrett(lifted(x), c); }
  // Below 2^98 in size.
  __attribute__((always_inline)) Vec wide(Reals x) const {
    const Reals high = _mm512_roundscale_pd(_mm512_mul_pd(x, _mm512_set1_pd(0x1p-48)), 0);
    const Reals low = _mm512_fnmadd_pd(high, _mm512_set1_pd(0x1p48), x);  // exact
    return correct(plus(times(lifted(high), shift, c), (*this)(low)), c.twice);
  }
};

// The balanced representative of a residue, plus half the modulus.
struct Centred {
  Vec p, half;
  explicit Centred(const Modulus& from) : p(broadcast(from.p)), half(broadcast(from.p / 2)) {}
  __attribute__((always_inline)) Vec operator()(Vec x) const { return correct(plus(x, half), p); }
};

// Rows of an 8 x 8 matrix to its columns.
HEFLOW_INLINE void transpose(Vec* r) {
  Vec t[8], u[8];
  HEFLOW_UNROLL
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = _mm512_unpacklo_epi64(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi64(r[2 * i], r[2 * i + 1]);
  }
  HEFLOW_UNROLL
  for (int half = 0; half < 2; ++half) {
    HEFLOW_UNROLL
    for (int odd = 0; odd < 2; ++odd) {
      u[4 * half + 2 * odd] = _mm512_shuffle_i64x2(t[4 * half + odd], t[4 * half + 2 + odd], 0x88);
      u[4 * half + 2 * odd + 1] = _mm512_shuffle_i64x2(t[4 * half + odd], t[4 * half + 2 + odd], 0xdd);
    }
  }
  r[0] = _mm512_shuffle_i64x2(u[0], u[4], 0x88), r[4] = _mm512_shuffle_i64x2(u[0], u[4], 0xdd);
  r[2] = _mm512_shuffle_i64x2(u[1], u[5], 0x88), r[6] = _mm512_shuffle_i64x2(u[1], u[5], 0xdd);
  r[1] = _mm512_shuffle_i64x2(u[2], u[6], 0x88), r[5] = _mm512_shuffle_i64x2(u[2], u[6], 0xdd);
  r[3] = _mm512_shuffle_i64x2(u[3], u[7], 0x88), r[7] = _mm512_shuffle_i64x2(u[3], u[7], 0xdd);
}

}  // namespace
}  // namespace heflow::ring::avx512ifma
