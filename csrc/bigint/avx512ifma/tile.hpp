// Register tiles: 5 x 5 limb products accumulated in ten registers, one for each column.
#pragma once

#include "vector.hpp"

namespace heflow::bigint::avx512ifma {
namespace {

struct Accumulator {
  Vec column[2 * kTile];
};

HEFLOW_INLINE void clear(Accumulator& acc) {
  unroll<0, 2 * kTile>([&](auto i) HEFLOW_LAMBDA { acc.column[i] = zero(); });
}

// Drop the lowest tile: column i + 5 becomes column i.
HEFLOW_INLINE void shift(Accumulator& acc) {
  unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA {
    acc.column[i] = acc.column[i + kTile];
    acc.column[i + kTile] = zero();
  });
}

HEFLOW_INLINE void multiply_rows(Accumulator& acc, const Vec* a, const Vec (&b)[kTile]) {
  unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA {
    const Vec x = a[i];
    unroll<0, kTile>([&](auto j) HEFLOW_LAMBDA { acc.column[i + j] = madd_low(acc.column[i + j], x, b[j]); });
    unroll<0, kTile>([&](auto j) HEFLOW_LAMBDA { acc.column[i + j + 1] = madd_high(acc.column[i + j + 1], x, b[j]); });
  });
}

HEFLOW_INLINE void multiply_tile(Accumulator& acc, const Vec* a, const Vec* b) {
  Vec held[kTile];
  unroll<0, kTile>([&](auto j) HEFLOW_LAMBDA { held[j] = b[j]; });
  multiply_rows(acc, a, held);
}

HEFLOW_INLINE void multiply_tile_shared(Accumulator& acc, const Vec* a, const Word* b) {
  Vec held[kTile];
  unroll<0, kTile>([&](auto j) HEFLOW_LAMBDA { held[j] = broadcast(b[j]); });
  multiply_rows(acc, a, held);
}

// The products a_i a_j, i < j, of one tile.
HEFLOW_INLINE void square_tile_above_diagonal(Accumulator& acc, const Vec* a) {
  Vec held[kTile];
  unroll<0, kTile>([&](auto j) HEFLOW_LAMBDA { held[j] = a[j]; });
  unroll<0, kTile - 1>([&](auto i) HEFLOW_LAMBDA {
    constexpr int first = decltype(i){} + 1;
    unroll<first, kTile>([&](auto j) HEFLOW_LAMBDA { acc.column[i + j] = madd_low(acc.column[i + j], held[i], held[j]); });
    unroll<first, kTile>([&](auto j)
                             HEFLOW_LAMBDA { acc.column[i + j + 1] = madd_high(acc.column[i + j + 1], held[i], held[j]); });
  });
}

HEFLOW_INLINE void square_tile_diagonal(Accumulator& acc, const Vec* a) {
  unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA {
    const Vec x = a[i];
    acc.column[2 * i] = madd_low(acc.column[2 * i], x, x);
    acc.column[2 * i + 1] = madd_high(acc.column[2 * i + 1], x, x);
  });
}

// Choose five quotient limbs so that the lowest five columns vanish modulo 2^52, and add their products
// with the lowest tile of n. The chain of about ten cycles a limb hides behind the other products.
// MinusOne: n = -1 modulo 2^52, so that a column is its own quotient limb, and q n_0 = 2^52 q - q.
template <bool MinusOne>
HEFLOW_INLINE void quotient_tile(Accumulator& acc, Vec* quotient, const ModulusView& m) {
  const Vec inverse = broadcast(m.negative_inverse);
  Vec n[kTile];
  unroll<MinusOne, kTile>([&](auto j) HEFLOW_LAMBDA { n[j] = broadcast(m.n[j]); });
  unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA {
    const Vec q = MinusOne ? low(acc.column[i]) : madd_low(zero(), acc.column[i], inverse);
    quotient[i] = q;
    if constexpr (MinusOne) {
      acc.column[i + 1] = plus(acc.column[i + 1], plus(carry_of(acc.column[i]), q));
      unroll<1, kTile>([&](auto j) HEFLOW_LAMBDA { acc.column[i + j] = madd_low(acc.column[i + j], q, n[j]); });
    } else {
      acc.column[i] = madd_low(acc.column[i], q, n[0]);
      acc.column[i + 1] = madd_high(acc.column[i + 1], q, n[0]);
      unroll<1, kTile>([&](auto j) HEFLOW_LAMBDA { acc.column[i + j] = madd_low(acc.column[i + j], q, n[j]); });
      acc.column[i + 1] = plus(acc.column[i + 1], carry_of(acc.column[i]));
    }
    unroll<1, kTile>([&](auto j) HEFLOW_LAMBDA { acc.column[i + j + 1] = madd_high(acc.column[i + j + 1], q, n[j]); });
  });
}

// The lowest five columns as limbs; `carry` runs on.
HEFLOW_INLINE void emit_tile(const Accumulator& acc, Vec* r, Vec& carry) {
  unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA {
    const Vec sum = plus(acc.column[i], carry);
    carry = carry_of(sum);
    r[i] = low(sum);
  });
}

}  // namespace
}  // namespace heflow::bigint::avx512ifma
