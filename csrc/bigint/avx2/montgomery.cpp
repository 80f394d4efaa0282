// Arithmetic modulo n: see ../kernels.hpp for ranges.
#include "backend.hpp"
#include "reduce.hpp"

namespace heflow::bigint::avx2 {

void mont_mul(Word* r, const Word* a, const Word* b, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  const double* n = scratch.load_shared(m.n, h);
  const Real *x = scratch.load(a, h), *y = scratch.load(b, h);
  Vec* columns = scratch.columns(2 * h);
  start(columns, m, Products{1, h}, kHighBits);
  reduce_rows(columns, scratch.reals(h), n, m, ProductRows<false>{x, y});
  normalise(vec(r), columns + h, h);
}

void mont_sqr(Word* r, const Word* a, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  const double* n = scratch.load_shared(m.n, h);
  const Real* x = scratch.load(a, h);
  Vec* columns = scratch.columns(2 * h);
  start(columns, m, SquareProducts{h}, kDoubledHighBits);
  reduce_rows(columns, scratch.reals(h), n, m, SquareRows{x});
  normalise(vec(r), columns + h, h);
}

void reduce(Word* r, const Word* x, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  const double* n = scratch.load_shared(m.n, h);
  Vec *columns = scratch.columns(2 * h), *difference = scratch.columns(h);
  start(columns, m, Products{0, h}, kHighBits);
  for (int i = 0; i < h; ++i) columns[i] = plus(columns[i], vec(x)[i]);
  reduce_rows(columns, scratch.reals(h), n, m, NoRows{});
  normalise(vec(r), columns + h, h);
  subtract_once(vec(r), difference, m);
  subtract_once(vec(r), difference, m);
}

void add(Word* r, const Word* a, const Word* b, unsigned limbs) noexcept {
  Vec carry = zero();
  for (unsigned i = 0; i < limbs; ++i) {
    const Vec t = plus(plus(vec(a)[i], vec(b)[i]), carry);
    carry = carry_of(t);
    vec(r)[i] = low(t);
  }
}

}  // namespace heflow::bigint::avx2
