// Dual numbers x0 + x1 n modulo n^2. With x0 y0 + q n = r0 R the quotient q is the multiple of n that the
// first reduction moved away, so the second half is (x0 y1 + x1 y0 + K - q) / R modulo n, where K is a
// multiple of n that keeps the sum positive.
#include "backend.hpp"
#include "terms.hpp"

namespace heflow::bigint::portable {
namespace {

// K - q: q has h limbs, K h + 1.
template <unsigned B>
inline void add_correction(Columns<B>& to, const ModulusView& m, const Word* quotient, unsigned k) {
  if (k > m.limbs) return;
  if (k == m.limbs) {
    to.c[0] += static_cast<Wide>(m.multiple[k]);
    return;
  }
  for (unsigned j = 0; j < B; ++j) to.c[j] += static_cast<Wide>(m.multiple[k + j]) - static_cast<Wide>(quotient[k + j]);
}

// Both halves of a result: the first reduction gives the quotient that the second takes away.
template <class First, class Second>
inline void reduce_both(Word* r0, Word* r1, const ModulusView& m, const First& first, const Second& second) {
  Word quotient[kMaxLimbs], unused[kMaxLimbs];
  const Word* kept = quotient;
  reduce_columns(r0, quotient, m, first);
  reduce_columns(r1, unused, m, [&m, kept, &second](auto& block, unsigned k) {
    second(block, k);
    add_correction(block, m, kept, k);
  });
}

}  // namespace

void dual_mul(Word* r, const Word* x, const Word* y, const ModulusView& m) noexcept {
  Word r0[kMaxLimbs], r1[kMaxLimbs];
  const unsigned h = m.limbs;
  const Word *x1 = x + h, *y1 = y + h;
  reduce_both(
      r0, r1, m, [=](auto& block, unsigned k) { add_product(block, x, y, h, k); },
      [=](auto& block, unsigned k) {
        add_product(block, x, y1, h, k);
        add_product(block, x1, y, h, k);
      });
  copy(r, r0, h);
  copy(r + h, r1, h);
}

void dual_mul_groups(Word* r, const Word* x, const Word* y, std::size_t groups, const ModulusView& m) noexcept {
  const std::size_t words = std::size_t{2} * m.limbs;
  for (std::size_t at = 0; at < groups * words; at += words) dual_mul(r + at, x + at, y + at, m);
}

void dual_sqr(Word* r, const Word* x, const ModulusView& m) noexcept {
  Word r0[kMaxLimbs], r1[kMaxLimbs], doubled[kMaxLimbs];
  const unsigned h = m.limbs;
  const Word *x1 = x + h, *x2 = doubled;
  twice(doubled, x, h);
  reduce_both(
      r0, r1, m, [=](auto& block, unsigned k) { add_square(block, x, x2, h, k); },
      [=](auto& block, unsigned k) { add_product(block, x1, x2, h, k); });
  copy(r, r0, h);
  copy(r + h, r1, h);
}

void dual_mul_half(Word* r, const Word* x, const Word* t, const ModulusView& m) noexcept {
  Word r0[kMaxLimbs], r1[kMaxLimbs];
  const unsigned h = m.limbs;
  const Word* x1 = x + h;
  reduce_both(
      r0, r1, m, [=](auto& block, unsigned k) { add_product(block, x, t, h, k); },
      [=](auto& block, unsigned k) { add_product(block, x1, t, h, k); });
  copy(r, r0, h);
  copy(r + h, r1, h);
}

void dual_linear(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept {
  Word r0[kMaxLimbs], r1[kMaxLimbs];
  const unsigned h = m.limbs;
  const Terms sum(terms, count, h);
  reduce_both(
      r0, r1, m, [&](auto& block, unsigned k) { sum.add(block, k, false); },
      [&](auto& block, unsigned k) { sum.add(block, k, true); });
  copy(r, r0, h);
  copy(r + h, r1, h);
}

void dual_reduce(Word* r, const Word* x, const ModulusView& m) noexcept {
  Word r0[kMaxLimbs], r1[kMaxLimbs];
  const unsigned h = m.limbs;
  const Word* x1 = x + h;
  reduce_both(
      r0, r1, m, [=](auto& block, unsigned k) { add_limbs(block, x, h, k); },
      [=](auto& block, unsigned k) { add_limbs(block, x1, h, k); });
  Word carry = subtract_once(r0, m);  // n moved out of x0 is one more in x1
  for (unsigned i = 0; i < h; ++i) {
    carry += r1[i];
    r1[i] = carry & kMask;
    carry >>= kRadix;
  }
  subtract_once(r1, m);
  subtract_once(r1, m);
  copy(r, r0, h);
  copy(r + h, r1, h);
}

void dual_compose(Word* r, const Word* x, const ModulusView& m) noexcept {
  Word result[2 * kMaxLimbs];
  const unsigned h = m.limbs;
  Wide carry = 0;
  for (unsigned k = 0; k < 2 * h; k += 2) {
    Columns<2> block{};
    add_limbs(block, x, h, k);
    add_product(block, x + h, m.n, h, k);
    for (unsigned j = 0; j < 2; ++j) {
      carry += block.c[j];
      result[k + j] = static_cast<Word>(carry) & kMask;
      carry >>= kRadix;
    }
  }
  copy(r, result, 2 * h);
}

}  // namespace heflow::bigint::portable
