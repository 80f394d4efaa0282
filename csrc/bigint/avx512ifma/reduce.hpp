// Montgomery reduction of a source of columns, and the carries at its end.
#pragma once

#include "beside.hpp"
#include "product.hpp"

namespace heflow::bigint::avx512ifma {
namespace {

// Working memory of one kernel call, carved compactly so that it stays in the first-level cache.
struct Scratch {
  alignas(64) Word words[kLanes * 12 * kMaxLimbs];
  Word* next = words;
  HEFLOW_INLINE_MEMBER Vec* take(int limbs) {
    Word* taken = next;
    next += static_cast<std::size_t>(limbs) * kLanes;
    return vec(taken);
  }
};

// r = (source + K - previous + q n) / R with the quotient q kept in `quotient` (Correct: with K - previous;
// Double: the source counts twice; MinusOne: see quotient_tile; beside: takes a step a tile). h limbs; r may alias the number
// that a SquareSource squares, no other source and no quotient.
template <bool Double, bool Correct, bool MinusOne = false, class Source, class Beside>
HEFLOW_INLINE void reduce_source(Vec* r, Vec* quotient, Source source, const Vec* previous, const ModulusView& m,
                                 Beside& beside) {
  const int tiles = static_cast<int>(m.limbs) / kTile;
  Accumulator acc;
  clear(acc);
  for (int d = 0; d < tiles; ++d) {
    Vec t[kTile];
    source.add_tile(t, d);
    unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA {
      if constexpr (Double) t[i] = plus(t[i], t[i]);
      if constexpr (Correct) t[i] = plus(t[i], minus(broadcast(m.multiple[kTile * d + i]), previous[kTile * d + i]));
      acc.column[i] = plus(acc.column[i], t[i]);
    });
    for (int e = 0; e < d; ++e) multiply_tile_shared(acc, quotient + kTile * e, m.n + kTile * (d - e));
    quotient_tile<MinusOne>(acc, quotient + kTile * d, m);
    shift(acc);
    beside.step();
  }
  if constexpr (Correct) acc.column[0] = plus(acc.column[0], broadcast(m.multiple[m.limbs]));
  Vec carry = zero();
  for (int d = tiles; d < 2 * tiles; ++d) {
    Vec t[kTile];
    source.add_tile(t, d);
    unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA {
      if constexpr (Double) t[i] = plus(t[i], t[i]);
      acc.column[i] = plus(acc.column[i], t[i]);
    });
    for (int e = d - tiles + 1; e < tiles; ++e) multiply_tile_shared(acc, quotient + kTile * e, m.n + kTile * (d - e));
    emit_tile(acc, r + kTile * (d - tiles), carry);
    shift(acc);
    beside.step();
  }
}

template <bool Double, bool Correct, bool MinusOne = false, class Source>
HEFLOW_INLINE void reduce_source(Vec* r, Vec* quotient, Source source, const Vec* previous, const ModulusView& m) {
  Nothing nothing;
  reduce_source<Double, Correct, MinusOne>(r, quotient, source, previous, m, nothing);
}

// Zero above h columns.
struct ShortSource {
  const Vec* limbs;
  int tiles;
  HEFLOW_INLINE_MEMBER void add_tile(Vec (&t)[kTile], int d) const {
    unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA { t[i] = d < tiles ? limbs[kTile * d + i] : zero(); });
  }
};

HEFLOW_INLINE void copy(Vec* r, const Vec* a, int limbs) {
  for (int i = 0; i < limbs; ++i) r[i] = a[i];
}

// x -= n where x >= n; the mask of lanes that did. No branch.
HEFLOW_INLINE __mmask8 subtract_once(Vec* x, Vec* scratch, const ModulusView& m) {
  const int h = static_cast<int>(m.limbs);
  Vec carry = zero();
  for (int i = 0; i < h; ++i) {
    const Vec t = plus(minus(x[i], broadcast(m.n[i])), carry);
    carry = carry_of(t);
    scratch[i] = low(t);
  }
  const __mmask8 subtracted = _mm512_testn_epi64_mask(carry, carry);
  for (int i = 0; i < h; ++i) x[i] = _mm512_mask_mov_epi64(x[i], subtracted, scratch[i]);
  return subtracted;
}

}  // namespace
}  // namespace heflow::bigint::avx512ifma
