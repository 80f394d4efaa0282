// Arithmetic modulo n: see ../kernels.hpp for ranges. Even tile counts take one Karatsuba level. Moduli that
// are -1 modulo 2^52, as those of the standard Diffie-Hellman groups, need fewer products.
#include "backend.hpp"
#include "reduce.hpp"

namespace heflow::bigint::avx512ifma {

namespace {

template <bool MinusOne>
HEFLOW_INLINE void multiply(Vec* r, const Vec* x, const Vec* y, const ModulusView& m) {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs), s = h / 2, tiles = h / kTile;
  Vec* quotient = scratch.take(h);
  if (tiles % 2 == 0) {
    Vec *lo = scratch.take(h), *hi = scratch.take(h), *mid = scratch.take(h), *sx = scratch.take(s), *sy = scratch.take(s);
    const __mmask8 ox = add_halves(sx, x, s), oy = add_halves(sy, y, s);
    multiply_columns<1>(lo, {{x, y}}, tiles / 2);
    multiply_columns<1>(hi, {{x + s, y + s}}, tiles / 2);
    multiply_columns<1>(mid, {{sx, sy}}, tiles / 2);
    add_overflow(mid, sx, ox, sy, oy, s);
    reduce_source<false, false, MinusOne>(r, quotient, KaratsubaSource{lo, hi, mid, both(ox, oy), tiles / 2}, nullptr, m);
  } else {
    Vec* columns = scratch.take(2 * h);
    multiply_columns<1>(columns, {{x, y}}, tiles);
    reduce_source<false, false, MinusOne>(r, quotient, PlainSource{columns}, nullptr, m);
  }
}

template <bool MinusOne, class Beside>
HEFLOW_INLINE void square(Vec* r, const Vec* x, const ModulusView& m, Beside beside) {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs), s = h / 2, tiles = h / kTile;
  Vec* quotient = scratch.take(h);
  if (tiles % 2 == 0 && tiles >= kKaratsubaSquareTiles) {
    Vec *lo = scratch.take(h), *hi = scratch.take(h), *mid = scratch.take(h), *sx = scratch.take(s);
    const __mmask8 ox = add_halves(sx, x, s);
    square_columns(lo, x, tiles / 2);
    square_columns(hi, x + s, tiles / 2);
    square_columns(mid, sx, tiles / 2);
    add_overflow(mid, sx, ox, sx, ox, s);
    reduce_source<false, false, MinusOne>(r, quotient, KaratsubaSource{lo, hi, mid, both(ox, ox), tiles / 2}, nullptr, m,
                                          beside);
  } else {
    reduce_source<false, false, MinusOne>(r, quotient, square_of(x, tiles), nullptr, m, beside);
  }
  beside.finish();
}

}  // namespace

void mont_mul(Word* r, const Word* a, const Word* b, const ModulusView& m) noexcept {
  if (m.negative_inverse == 1) return multiply<true>(vec(r), vec(a), vec(b), m);
  multiply<false>(vec(r), vec(a), vec(b), m);
}

void mont_sqr(Word* r, const Word* a, const ModulusView& m) noexcept {
  if (m.negative_inverse == 1) return square<true>(vec(r), vec(a), m, Nothing{});
  square<false>(vec(r), vec(a), m, Nothing{});
}

void mont_sqr_beside(Word* r, const Word* a, const ModulusView& m, const LookupPart& part) noexcept {
  if (m.negative_inverse == 1) return square<true>(vec(r), vec(a), m, Selecting(part));
  square<false>(vec(r), vec(a), m, Selecting(part));
}

void reduce(Word* r, const Word* x, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  Vec *result = scratch.take(h), *quotient = scratch.take(h);
  reduce_source<false, false>(result, quotient, ShortSource{vec(x), h / kTile}, nullptr, m);
  subtract_once(result, quotient, m);
  copy(vec(r), result, h);
}

void add(Word* r, const Word* a, const Word* b, unsigned limbs) noexcept {
  Vec carry = zero();
  for (unsigned i = 0; i < limbs; ++i) {
    const Vec t = plus(plus(vec(a)[i], vec(b)[i]), carry);
    carry = _mm512_srli_epi64(t, kRadix);
    vec(r)[i] = low(t);
  }
}

}  // namespace heflow::bigint::avx512ifma
