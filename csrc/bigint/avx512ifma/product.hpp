// Products of h-limb numbers as un-normalised columns, by schoolbook tiles or one Karatsuba level, and the
// sources that hand such columns to the reduction (reduce.hpp) five at a time.
#pragma once

#include "tile.hpp"

namespace heflow::bigint::avx512ifma {
namespace {

constexpr int kKaratsubaSquareTiles = 8;  // below, schoolbook squares are faster

HEFLOW_INLINE void store_tile(Vec* columns, const Accumulator& acc) {
  unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA { columns[i] = acc.column[i]; });
}

struct Pair {
  const Vec* a;
  const Vec* b;
};

// columns[0, 10 tiles) = sum over pairs of a * b, each of `tiles` tiles.
template <int Pairs>
HEFLOW_INLINE void multiply_columns(Vec* columns, const Pair (&pairs)[Pairs], int tiles) {
  Accumulator acc;
  clear(acc);
  for (int d = 0; d < 2 * tiles - 1; ++d) {
    const int first = d < tiles ? 0 : d - tiles + 1, last = d < tiles ? d : tiles - 1;
    unroll<0, Pairs>([&](auto p) HEFLOW_LAMBDA {
      for (int e = first; e <= last; ++e) multiply_tile(acc, pairs[p].a + kTile * e, pairs[p].b + kTile * (d - e));
    });
    store_tile(columns + kTile * d, acc);
    shift(acc);
  }
  store_tile(columns + kTile * (2 * tiles - 1), acc);
}

// The columns of a^2, made while they are read, in order: every product above the diagonal once, doubled. Once
// tile h / 5 + d is read, the first d + 1 tiles of a are not needed any more.
struct SquareSource {
  const Vec* a;
  int tiles;
  Vec above[kTile];  // what the last tile left for the next one; zero at first
  HEFLOW_INLINE_MEMBER void add_tile(Vec (&t)[kTile], int d) {
    if (d == 2 * tiles - 1) {
      unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA { t[i] = above[i]; });
      return;
    }
    Accumulator acc;
    clear(acc);
    for (int e = d < tiles ? 0 : d - tiles + 1; 2 * e < d; ++e) multiply_tile(acc, a + kTile * e, a + kTile * (d - e));
    if (d % 2 == 0) square_tile_above_diagonal(acc, a + kTile * (d / 2));
    unroll<0, 2 * kTile>([&](auto i) HEFLOW_LAMBDA { acc.column[i] = plus(acc.column[i], acc.column[i]); });
    if (d % 2 == 0) square_tile_diagonal(acc, a + kTile * (d / 2));
    unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA {
      t[i] = plus(acc.column[i], above[i]);
      above[i] = acc.column[i + kTile];
    });
  }
};

HEFLOW_INLINE SquareSource square_of(const Vec* a, int tiles) { return {a, tiles, {zero(), zero(), zero(), zero(), zero()}}; }

// columns[0, 10 tiles) = a^2
HEFLOW_INLINE void square_columns(Vec* columns, const Vec* a, int tiles) {
  SquareSource source = square_of(a, tiles);
  for (int d = 0; d < 2 * tiles; ++d) {
    Vec t[kTile];
    source.add_tile(t, d);
    unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA { columns[kTile * d + i] = t[i]; });
  }
}

// Columns that lie in memory.
struct PlainSource {
  const Vec* columns;
  HEFLOW_INLINE_MEMBER void add_tile(Vec (&t)[kTile], int d) const {
    unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA { t[i] = columns[kTile * d + i]; });
  }
};

// One Karatsuba level over halves of s limbs: low, high and middle = (a_lo + a_hi)(b_lo + b_hi), 2s columns
// each, recombined while they are read. `top` belongs to column 2s of the middle product.
struct KaratsubaSource {
  const Vec* low;
  const Vec* high;
  const Vec* middle;
  Vec top;
  int half_tiles;
  HEFLOW_INLINE_MEMBER void add_tile(Vec (&t)[kTile], int d) const {
    const int s = kTile * half_tiles, quarter = d / half_tiles, at = kTile * d;
    const Vec *lo = low + at, *hi = high + at - 2 * s, *mid = middle + at - s;
    if (quarter == 0) {
      unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA { t[i] = lo[i]; });
    } else if (quarter == 1) {
      unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA { t[i] = plus(minus(lo[i], lo[i - s]), minus(mid[i], high[at - s + i])); });
    } else if (quarter == 2) {
      unroll<0, kTile>([&](auto i)
                           HEFLOW_LAMBDA { t[i] = plus(minus(hi[i], low[at - s + i]), minus(mid[i], high[at - s + i])); });
    } else {
      unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA { t[i] = hi[i]; });
      if (d == 3 * half_tiles) t[0] = plus(t[0], top);
    }
  }
};

// sum = a_lo + a_hi in s limbs; the carry out of the top is one bit a lane, returned as a mask.
HEFLOW_INLINE __mmask8 add_halves(Vec* sum, const Vec* a, int s) {
  Vec carry = zero();
  for (int i = 0; i < s; ++i) {
    const Vec t = plus(plus(a[i], a[i + s]), carry);
    carry = _mm512_srli_epi64(t, kRadix);
    sum[i] = low(t);
  }
  return _mm512_test_epi64_mask(carry, carry);
}

// What the masked-off top bits of two half sums add to their product: a shifted copy of the other sum.
HEFLOW_INLINE void add_overflow(Vec* middle, const Vec* a, __mmask8 a_top, const Vec* b, __mmask8 b_top, int s) {
  for (int i = 0; i < s; ++i) {
    const Vec t = _mm512_mask_add_epi64(middle[s + i], a_top, middle[s + i], b[i]);
    middle[s + i] = _mm512_mask_add_epi64(t, b_top, t, a[i]);
  }
}

HEFLOW_INLINE Vec both(__mmask8 a, __mmask8 b) { return _mm512_maskz_set1_epi64(a & b, 1); }

}  // namespace
}  // namespace heflow::bigint::avx512ifma
