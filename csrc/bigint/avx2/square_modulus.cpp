// Dual numbers x0 + x1 n modulo n^2. With x0 y0 + q n = r0 R the quotient q is the multiple of n that the
// first reduction moved away, so the second half is (x0 y1 + x1 y0 + K - q) / R modulo n, where K is a
// multiple of n that keeps the sum positive.
#include "backend.hpp"
#include "reduce.hpp"

namespace heflow::bigint::avx2 {

void dual_mul(Word* r, const Word* x, const Word* y, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  const double* n = scratch.load_shared(m.n, h);
  const Real *x0 = scratch.load(x, 2 * h), *x1 = x0 + h, *y0 = scratch.load(y, 2 * h), *y1 = y0 + h;
  Vec* columns = scratch.columns(2 * h);
  Real *quotient = scratch.reals(h), *unused = scratch.reals(h);
  start(columns, m, Products{1, h}, kHighBits);
  reduce_rows(columns, quotient, n, m, ProductRows<false>{x0, y0});
  normalise(vec(r), columns + h, h);
  start(columns, m, Products{2, h}, kHighBits);
  correct(columns, quotient, m);
  reduce_rows(columns, unused, n, m, TwoProductRows{x0, y1, x1, y0});
  normalise(vec(r) + h, columns + h, h);
}

void dual_mul_groups(Word* r, const Word* x, const Word* y, std::size_t groups, const ModulusView& m) noexcept {
  const std::size_t words = std::size_t{2} * kLanes * m.limbs;
  for (std::size_t at = 0; at < groups * words; at += words) dual_mul(r + at, x + at, y + at, m);
}

void dual_sqr(Word* r, const Word* x, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  const double* n = scratch.load_shared(m.n, h);
  const Real *x0 = scratch.load(x, 2 * h), *x1 = x0 + h;
  Vec* columns = scratch.columns(2 * h);
  Real *quotient = scratch.reals(h), *unused = scratch.reals(h);
  start(columns, m, SquareProducts{h}, kDoubledHighBits);
  reduce_rows(columns, quotient, n, m, SquareRows{x0});
  normalise(vec(r), columns + h, h);
  start(columns, m, Products{1, h}, kDoubledHighBits);
  correct(columns, quotient, m);
  reduce_rows(columns, unused, n, m, ProductRows<true>{x0, x1});
  normalise(vec(r) + h, columns + h, h);
}

void dual_mul_half(Word* r, const Word* x, const Word* t, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  const double* n = scratch.load_shared(m.n, h);
  const Real *x0 = scratch.load(x, 2 * h), *x1 = x0 + h, *y = scratch.load(t, h);
  Vec* columns = scratch.columns(2 * h);
  Real *quotient = scratch.reals(h), *unused = scratch.reals(h);
  start(columns, m, Products{1, h}, kHighBits);
  reduce_rows(columns, quotient, n, m, ProductRows<false>{x0, y});
  normalise(vec(r), columns + h, h);
  start(columns, m, Products{1, h}, kHighBits);
  correct(columns, quotient, m);
  reduce_rows(columns, unused, n, m, ProductRows<false>{x1, y});
  normalise(vec(r) + h, columns + h, h);
}

void dual_reduce(Word* r, const Word* x, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  const double* n = scratch.load_shared(m.n, h);
  Vec *first = scratch.columns(2 * h), *second = scratch.columns(2 * h), *difference = scratch.columns(h);
  Real *quotient = scratch.reals(h), *unused = scratch.reals(h);
  start(first, m, Products{0, h}, kHighBits);
  start(second, m, Products{0, h}, kHighBits);
  for (int i = 0; i < h; ++i) {
    first[i] = plus(first[i], vec(x)[i]);
    second[i] = plus(second[i], vec(x)[h + i]);
  }
  reduce_rows(first, quotient, n, m, NoRows{});
  correct(second, quotient, m);
  reduce_rows(second, unused, n, m, NoRows{});
  normalise(vec(r), first + h, h);
  // n moved out of x0 is one more in x1
  const Vec moved = plus(subtract_once(vec(r), difference, m), subtract_once(vec(r), difference, m));
  second[h] = plus(second[h], moved);
  normalise(vec(r) + h, second + h, h);
  for (int i = 0; i < 3; ++i) subtract_once(vec(r) + h, difference, m);
}

void dual_compose(Word* r, const Word* x, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  const double* n = scratch.load_shared(m.n, h);
  const Real* x1 = scratch.load(x + static_cast<std::size_t>(h) * kLanes, h);
  Vec* columns = scratch.columns(2 * h);
  for (int c = 0; c < 2 * h; ++c) {
    columns[c] = broadcast((c > 0 ? kBias - (kBias >> kRadix) : kBias) - constants(meeting(h, h, c), meeting(h, h, c - 1)));
  }
  for (int i = 0; i < h; ++i) columns[i] = plus(columns[i], vec(x)[i]);
  add_product(columns, x1, h, n, h);
  normalise(vec(r), columns, 2 * h);
}

}  // namespace heflow::bigint::avx2
