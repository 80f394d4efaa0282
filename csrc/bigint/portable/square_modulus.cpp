// Dual numbers x0 + x1 n modulo n^2. With x0 y0 + q n = r0 R the quotient q is the multiple of n that the
// first reduction moved away, so the second half is (x0 y1 + x1 y0 + K - q) / R modulo n, where K is a
// multiple of n that keeps the sum positive.
#include "backend.hpp"
#include "montgomery.hpp"

namespace heflow::bigint::portable {
namespace {

// K - q at column k: q lives in columns 0..h-1, K in 0..h.
inline Wide correction(const ModulusView& m, const Word* quotient, unsigned k) {
  if (k < m.limbs) return static_cast<Wide>(m.multiple[k]) - static_cast<Wide>(quotient[k]);
  return k == m.limbs ? static_cast<Wide>(m.multiple[k]) : Wide{0};
}

}  // namespace

void dual_mul(Word* r, const Word* x, const Word* y, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], unused[kMaxLimbs], r0[kMaxLimbs], r1[kMaxLimbs];
  const unsigned h = m.limbs;
  const Word *x1 = x + h, *y1 = y + h, *kept = quotient;
  reduce_columns(r0, quotient, m, [=](unsigned k) { return column(x, h, y, h, k); });
  reduce_columns(r1, unused, m,
                 [=, &m](unsigned k) { return column(x, h, y1, h, k) + column(x1, h, y, h, k) + correction(m, kept, k); });
  copy(r, r0, h);
  copy(r + h, r1, h);
}

void dual_sqr(Word* r, const Word* x, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], unused[kMaxLimbs], r0[kMaxLimbs], r1[kMaxLimbs];
  const unsigned h = m.limbs;
  const Word *x1 = x + h, *kept = quotient;
  reduce_columns(r0, quotient, m, [=](unsigned k) { return square_column(x, h, k); });
  reduce_columns(r1, unused, m, [=, &m](unsigned k) { return 2 * column(x, h, x1, h, k) + correction(m, kept, k); });
  copy(r, r0, h);
  copy(r + h, r1, h);
}

void dual_mul_half(Word* r, const Word* x, const Word* t, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], unused[kMaxLimbs], r0[kMaxLimbs], r1[kMaxLimbs];
  const unsigned h = m.limbs;
  const Word *x1 = x + h, *kept = quotient;
  reduce_columns(r0, quotient, m, [=](unsigned k) { return column(x, h, t, h, k); });
  reduce_columns(r1, unused, m, [=, &m](unsigned k) { return column(x1, h, t, h, k) + correction(m, kept, k); });
  copy(r, r0, h);
  copy(r + h, r1, h);
}

void dual_linear(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], unused[kMaxLimbs], r0[kMaxLimbs], r1[kMaxLimbs];
  const unsigned h = m.limbs;
  const Word* kept = quotient;
  const auto sum = [=](unsigned k, bool second) {
    Wide total = 0;
    for (std::size_t t = 0; t < count; ++t) {
      const LinearTerm& term = terms[t];
      if (k < term.chunk_limbs + h - 1) {
        total += column(term.chunk, term.chunk_limbs, second ? term.c1 : term.c0, h, k);
      }
    }
    return total;
  };
  reduce_columns(r0, quotient, m, [&](unsigned k) { return sum(k, false); });
  reduce_columns(r1, unused, m, [&](unsigned k) { return sum(k, true) + correction(m, kept, k); });
  copy(r, r0, h);
  copy(r + h, r1, h);
}

void dual_reduce(Word* r, const Word* x, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], unused[kMaxLimbs], r0[kMaxLimbs], r1[kMaxLimbs];
  const unsigned h = m.limbs;
  const Word *x1 = x + h, *kept = quotient;
  reduce_columns(r0, quotient, m, [=](unsigned k) { return k < h ? static_cast<Wide>(x[k]) : Wide{0}; });
  reduce_columns(r1, unused, m,
                 [=, &m](unsigned k) { return (k < h ? static_cast<Wide>(x1[k]) : Wide{0}) + correction(m, kept, k); });
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
  for (unsigned k = 0; k < 2 * h; ++k) {
    if (k < h) carry += static_cast<Wide>(x[k]);
    if (k < 2 * h - 1) carry += column(x + h, h, m.n, h, k);
    result[k] = static_cast<Word>(carry) & kMask;
    carry >>= kRadix;
  }
  copy(r, result, 2 * h);
}

}  // namespace heflow::bigint::portable
