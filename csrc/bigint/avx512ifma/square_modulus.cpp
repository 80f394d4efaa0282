// Dual numbers x0 + x1 n modulo n^2. With x0 y0 + q n = r0 R the quotient q is the multiple of n that the
// first reduction moved away, so the second half is (x0 y1 + x1 y0 + K - q) / R modulo n, where K is a
// multiple of n that keeps the sum positive.
#include "backend.hpp"
#include "reduce.hpp"

namespace heflow::bigint::avx512ifma {

namespace {

// The operands of the next product, fetched an eighth at a time: more at once would wait for one another.
struct Ahead {
  const Word *r, *x, *y;
  int vectors;  // of each
  HEFLOW_INLINE_MEMBER void fetch(int eighth) const {
    for (int i = vectors * eighth / 8; i < vectors * (eighth + 1) / 8; ++i) {
      const int at = static_cast<int>(kLanes) * i;
      // Into the second-level cache: the first is full of the product at hand.
      _mm_prefetch(reinterpret_cast<const char*>(x + at), _MM_HINT_T1);
      _mm_prefetch(reinterpret_cast<const char*>(y + at), _MM_HINT_T1);
      _mm_prefetch(reinterpret_cast<const char*>(r + at), _MM_HINT_T1);
    }
  }
};

HEFLOW_INLINE void product(Word* r, const Word* x, const Word* y, const ModulusView& m, const Ahead& next) {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs), s = h / 2, tiles = h / kTile;
  const Vec *x0 = vec(x), *x1 = x0 + h, *y0 = vec(y), *y1 = y0 + h;
  Vec *r0 = scratch.take(h), *q = scratch.take(h), *unused = scratch.take(h);
  if (tiles % 2 == 0) {
    Vec *lo = scratch.take(h), *hi = scratch.take(h), *mid = scratch.take(h);
    Vec *sx0 = scratch.take(s), *sx1 = scratch.take(s), *sy0 = scratch.take(s), *sy1 = scratch.take(s);
    const __mmask8 ox0 = add_halves(sx0, x0, s), oy0 = add_halves(sy0, y0, s);
    multiply_columns<1>(lo, {{x0, y0}}, tiles / 2);
    next.fetch(0);
    multiply_columns<1>(hi, {{x0 + s, y0 + s}}, tiles / 2);
    next.fetch(1);
    multiply_columns<1>(mid, {{sx0, sy0}}, tiles / 2);
    next.fetch(2);
    add_overflow(mid, sx0, ox0, sy0, oy0, s);
    reduce_source<false, false>(r0, q, KaratsubaSource{lo, hi, mid, both(ox0, oy0), tiles / 2}, nullptr, m);
    next.fetch(3);
    const __mmask8 ox1 = add_halves(sx1, x1, s), oy1 = add_halves(sy1, y1, s);
    multiply_columns<2>(lo, {{x0, y1}, {x1, y0}}, tiles / 2);
    next.fetch(4);
    multiply_columns<2>(hi, {{x0 + s, y1 + s}, {x1 + s, y0 + s}}, tiles / 2);
    next.fetch(5);
    multiply_columns<2>(mid, {{sx0, sy1}, {sx1, sy0}}, tiles / 2);
    next.fetch(6);
    add_overflow(mid, sx0, ox0, sy1, oy1, s);
    add_overflow(mid, sx1, ox1, sy0, oy0, s);
    const Vec top = plus(both(ox0, oy1), both(ox1, oy0));
    reduce_source<false, true>(vec(r) + h, unused, KaratsubaSource{lo, hi, mid, top, tiles / 2}, q, m);
    next.fetch(7);
  } else {
    Vec* columns = scratch.take(2 * h);
    multiply_columns<1>(columns, {{x0, y0}}, tiles);
    next.fetch(0), next.fetch(1);
    reduce_source<false, false>(r0, q, PlainSource{columns}, nullptr, m);
    next.fetch(2), next.fetch(3);
    multiply_columns<2>(columns, {{x0, y1}, {x1, y0}}, tiles);
    next.fetch(4), next.fetch(5);
    reduce_source<false, true>(vec(r) + h, unused, PlainSource{columns}, q, m);
    next.fetch(6), next.fetch(7);
  }
  copy(vec(r), r0, h);
}

template <class Beside>
HEFLOW_INLINE void square(Word* r, const Word* x, const ModulusView& m, Beside beside) {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs), s = h / 2, tiles = h / kTile;
  const Vec *x0 = vec(x), *x1 = x0 + h;
  Vec *q = scratch.take(h), *unused = scratch.take(h);
  if (tiles % 2 != 0) {
    Vec* columns = scratch.take(2 * h);
    multiply_columns<1>(columns, {{x0, x1}}, tiles);
    reduce_source<false, false>(vec(r), q, square_of(x0, tiles), nullptr, m, beside);
    reduce_source<true, true>(vec(r) + h, unused, PlainSource{columns}, q, m, beside);
    return beside.finish();
  }
  Vec *lo = scratch.take(h), *hi = scratch.take(h), *mid = scratch.take(h), *sx0 = scratch.take(s), *sx1 = scratch.take(s);
  const __mmask8 ox0 = add_halves(sx0, x0, s), ox1 = add_halves(sx1, x1, s);
  const bool karatsuba = tiles >= kKaratsubaSquareTiles;
  Vec* r0 = scratch.take(karatsuba ? h : 0);
  if (karatsuba) {
    square_columns(lo, x0, tiles / 2);
    square_columns(hi, x0 + s, tiles / 2);
    square_columns(mid, sx0, tiles / 2);
    add_overflow(mid, sx0, ox0, sx0, ox0, s);
    reduce_source<false, false>(r0, q, KaratsubaSource{lo, hi, mid, both(ox0, ox0), tiles / 2}, nullptr, m, beside);
  }
  multiply_columns<1>(lo, {{x0, x1}}, tiles / 2);
  multiply_columns<1>(hi, {{x0 + s, x1 + s}}, tiles / 2);
  multiply_columns<1>(mid, {{sx0, sx1}}, tiles / 2);
  add_overflow(mid, sx0, ox0, sx1, ox1, s);
  if (karatsuba) {
    copy(vec(r), r0, h);  // x is not read any more
  } else {
    reduce_source<false, false>(vec(r), q, square_of(x0, tiles), nullptr, m, beside);
  }
  reduce_source<true, true>(vec(r) + h, unused, KaratsubaSource{lo, hi, mid, both(ox0, ox1), tiles / 2}, q, m, beside);
  beside.finish();
}

}  // namespace

void dual_mul_groups(Word* r, const Word* x, const Word* y, std::size_t groups, const ModulusView& m) noexcept {
  const std::size_t words = std::size_t{2} * kLanes * m.limbs;
  for (; groups > 0; --groups, r += words, x += words, y += words) {
    product(r, x, y, m, Ahead{r + words, x + words, y + words, 2 * static_cast<int>(m.limbs)});
  }
}

void dual_mul(Word* r, const Word* x, const Word* y, const ModulusView& m) noexcept { product(r, x, y, m, Ahead{r, x, y, 0}); }

void dual_sqr(Word* r, const Word* x, const ModulusView& m) noexcept { square(r, x, m, Nothing{}); }

void dual_sqr_beside(Word* r, const Word* x, const ModulusView& m, const LookupPart& part) noexcept {
  square(r, x, m, Selecting(part));
}

void dual_mul_half(Word* r, const Word* x, const Word* t, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs), s = h / 2, tiles = h / kTile;
  const Vec *x0 = vec(x), *x1 = x0 + h, *y = vec(t);
  Vec *r0 = scratch.take(h), *q = scratch.take(h), *unused = scratch.take(h);
  if (tiles % 2 == 0) {
    Vec *lo = scratch.take(h), *hi = scratch.take(h), *mid = scratch.take(h), *sx = scratch.take(s), *sy = scratch.take(s);
    const __mmask8 oy = add_halves(sy, y, s);
    const __mmask8 ox0 = add_halves(sx, x0, s);
    multiply_columns<1>(lo, {{x0, y}}, tiles / 2);
    multiply_columns<1>(hi, {{x0 + s, y + s}}, tiles / 2);
    multiply_columns<1>(mid, {{sx, sy}}, tiles / 2);
    add_overflow(mid, sx, ox0, sy, oy, s);
    reduce_source<false, false>(r0, q, KaratsubaSource{lo, hi, mid, both(ox0, oy), tiles / 2}, nullptr, m);
    const __mmask8 ox1 = add_halves(sx, x1, s);
    multiply_columns<1>(lo, {{x1, y}}, tiles / 2);
    multiply_columns<1>(hi, {{x1 + s, y + s}}, tiles / 2);
    multiply_columns<1>(mid, {{sx, sy}}, tiles / 2);
    add_overflow(mid, sx, ox1, sy, oy, s);
    reduce_source<false, true>(vec(r) + h, unused, KaratsubaSource{lo, hi, mid, both(ox1, oy), tiles / 2}, q, m);
  } else {
    Vec* columns = scratch.take(2 * h);
    multiply_columns<1>(columns, {{x0, y}}, tiles);
    reduce_source<false, false>(r0, q, PlainSource{columns}, nullptr, m);
    multiply_columns<1>(columns, {{x1, y}}, tiles);
    reduce_source<false, true>(vec(r) + h, unused, PlainSource{columns}, q, m);
  }
  copy(vec(r), r0, h);
}

void dual_reduce(Word* r, const Word* x, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs), tiles = h / kTile;
  const Vec* x0 = vec(x);
  Vec *r0 = scratch.take(h), *r1 = scratch.take(h), *q = scratch.take(h), *unused = scratch.take(h);
  reduce_source<false, false>(r0, q, ShortSource{x0, tiles}, nullptr, m);
  reduce_source<false, true>(r1, unused, ShortSource{x0 + h, tiles}, q, m);
  const __mmask8 moved = subtract_once(r0, q, m);  // n moved out of x0 is one more in x1
  Vec carry = _mm512_maskz_set1_epi64(moved, 1);
  for (int i = 0; i < h; ++i) {
    const Vec t = plus(r1[i], carry);
    carry = carry_of(t);
    r1[i] = low(t);
  }
  subtract_once(r1, q, m);
  subtract_once(r1, q, m);
  copy(vec(r), r0, 2 * h);
}

void dual_compose(Word* r, const Word* x, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs), tiles = h / kTile;
  Vec* result = scratch.take(2 * h);
  const Vec *x0 = vec(x), *x1 = x0 + h;
  Accumulator acc;
  clear(acc);
  Vec carry = zero();
  for (int d = 0; d < 2 * tiles; ++d) {
    const int first = d < tiles ? 0 : d - tiles + 1, last = d < tiles ? d : tiles - 1;
    if (d < tiles) {
      unroll<0, kTile>([&](auto i) HEFLOW_LAMBDA { acc.column[i] = plus(acc.column[i], x0[kTile * d + i]); });
    }
    for (int e = first; e <= last; ++e) multiply_tile_shared(acc, x1 + kTile * e, m.n + kTile * (d - e));
    emit_tile(acc, result + kTile * d, carry);
    shift(acc);
  }
  copy(vec(r), result, 2 * h);
}

}  // namespace heflow::bigint::avx512ifma
