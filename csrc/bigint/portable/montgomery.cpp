// Arithmetic modulo n: see kernels.hpp for ranges.
#include "montgomery.hpp"

#include "backend.hpp"

namespace heflow::bigint::portable {

void mont_mul(Word* r, const Word* a, const Word* b, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], result[kMaxLimbs];
  const unsigned h = m.limbs;
  reduce_columns(result, quotient, m, [=](unsigned k) { return column(a, h, b, h, k); });
  copy(r, result, h);
}

void mont_sqr(Word* r, const Word* a, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], result[kMaxLimbs];
  const unsigned h = m.limbs;
  reduce_columns(result, quotient, m, [=](unsigned k) { return square_column(a, h, k); });
  copy(r, result, h);
}

void linear(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], result[kMaxLimbs];
  const unsigned h = m.limbs;
  reduce_columns(result, quotient, m, [=](unsigned k) {
    Wide sum = 0;
    for (std::size_t t = 0; t < count; ++t) {
      if (k < terms[t].chunk_limbs + h - 1) sum += column(terms[t].chunk, terms[t].chunk_limbs, terms[t].c0, h, k);
    }
    return sum;
  });
  copy(r, result, h);
}

void reduce(Word* r, const Word* x, const ModulusView& m) noexcept {
  Word quotient[kMaxLimbs], result[kMaxLimbs];
  const unsigned h = m.limbs;
  reduce_columns(result, quotient, m, [=](unsigned k) { return k < h ? static_cast<Wide>(x[k]) : Wide{0}; });
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
