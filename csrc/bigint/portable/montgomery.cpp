// Arithmetic modulo n: see kernels.hpp for ranges.
#include "montgomery.hpp"

#include "backend.hpp"
#include "terms.hpp"

namespace heflow::bigint::portable {

void mont_mul(Word* r, const Word* a, const Word* b, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], result[kMaxLimbs];
  const unsigned h = m.limbs;
  reduce_columns(result, quotient, m, [=](auto& block, unsigned k) { add_product(block, a, b, h, k); });
  copy(r, result, h);
}

void mont_sqr(Word* r, const Word* a, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], result[kMaxLimbs], doubled[kMaxLimbs];
  const unsigned h = m.limbs;
  const Word* a2 = doubled;
  twice(doubled, a, h);
  reduce_columns(result, quotient, m, [=](auto& block, unsigned k) { add_square(block, a, a2, h, k); });
  copy(r, result, h);
}

void linear(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], result[kMaxLimbs];
  const Terms sum(terms, count, m.limbs);
  reduce_columns(result, quotient, m, [&](auto& block, unsigned k) { sum.add(block, k, false); });
  copy(r, result, m.limbs);
}

void reduce(Word* r, const Word* x, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], result[kMaxLimbs];
  const unsigned h = m.limbs;
  reduce_columns(result, quotient, m, [=](auto& block, unsigned k) { add_limbs(block, x, h, k); });
  subtract_once(result, m);
  copy(r, result, h);
}

void add(Word* r, const Word* a, const Word* b, unsigned limbs) noexcept {
  Word carry = 0;
  for (unsigned i = 0; i < limbs; ++i) {
    carry += a[i] + b[i];
    r[i] = carry & kMask;
    carry >>= kRadix;
  }
}

}  // namespace heflow::bigint::portable
