// Products of 51-bit limbs by double-precision multiply-add, after Emmart, Zheng and Weems (ARITH 2018).
//
// A product p of two doubles |p| <= 2^102 is added to 1.5 * 2^103, whose last place counts 2^51: the sum's bits,
// read as an integer, are kHighBits + H with p = 2^51 H + L. A second multiply-add gives L exactly, moved to
// 1.5 * 2^52, whose last place counts 1: kLowBits + L. So both halves can be added up as integers, and what the
// constants add is known beforehand. Every step but the first is exact, and any rounding of the first will do:
// |L| <= 2^50, or below 2^51 where the rounding mode is not to nearest.
#pragma once

#include "vector.hpp"

namespace heflow::bigint::avx2 {
namespace {

constexpr double kHigh = 0x1.8p103, kLow = 0x1.8p52;
constexpr Word kHighBits = 0x4668000000000000, kLowBits = 0x4338000000000000;
// For products of which one factor is doubled: 0 <= p < 2^103.
constexpr double kDoubledHigh = 0x1p103;
constexpr Word kDoubledHighBits = 0x4660000000000000;

// low += L, high += H, with their constants.
template <bool Doubled = false>
HEFLOW_INLINE void multiply_add(Vec& low, Vec& high, Real a, Real b) {
  constexpr double shift = Doubled ? kDoubledHigh : kHigh;
  const Real h = _mm256_fmadd_pd(a, b, real(shift));
  const Real l = _mm256_fmadd_pd(a, b, _mm256_sub_pd(real(shift + kLow), h));
  high = plus(high, bits(h));
  low = plus(low, bits(l));
}

HEFLOW_INLINE Real shared(const double* b) { return _mm256_broadcast_sd(b); }

// How many products (i, j) with i < a, j < b meet in column i + j = c.
HEFLOW_INLINE Word meeting(int a, int b, int c) {
  const int first = c < b ? 0 : c - b + 1, last = c < a ? c : a - 1;
  return last < first ? 0 : static_cast<Word>(last - first + 1);
}

// What `count` low halves in a column and `count_below` high halves from the column below add by their constants.
HEFLOW_INLINE Word constants(Word count, Word count_below) { return count * kLowBits + count_below * kHighBits; }

}  // namespace
}  // namespace heflow::bigint::avx2
