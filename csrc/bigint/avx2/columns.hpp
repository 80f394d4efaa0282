// Columns: sums of product halves that belong to one power of 2^51, not yet carried.
#pragma once

#include "product.hpp"

namespace heflow::bigint::avx2 {
namespace {

// Added to every column, and its carry subtracted from the next one: columns may be negative, but are never
// shifted while they are.
constexpr Word kBias = Word{1} << 62;

// Working memory of one kernel call, carved compactly so that it stays in the first-level cache.
struct Scratch {
  alignas(64) Word words[kLanes * 10 * kMaxLimbs];
  Word* next = words;
  HEFLOW_INLINE_MEMBER Vec* columns(int count) {
    Word* taken = next;
    next += static_cast<std::size_t>(count) * kLanes;
    return vec(taken);
  }
  HEFLOW_INLINE_MEMBER Real* reals(int count) { return reinterpret_cast<Real*>(columns(count)); }
  // A lane group as doubles.
  HEFLOW_INLINE_MEMBER const Real* load(const Word* group, int limbs) {
    Real* taken = reals(limbs);
    for (int i = 0; i < limbs; ++i) taken[i] = to_real(vec(group)[i]);
    return taken;
  }
  // Limbs shared by all lanes as doubles.
  HEFLOW_INLINE_MEMBER const double* load_shared(const Word* limbs, int count) {
    double* taken = reinterpret_cast<double*>(columns((count + 3) / 4));
    int i = 0;
    for (; i + 4 <= count; i += 4) {
      _mm256_store_pd(taken + i, to_real(_mm256_loadu_si256(reinterpret_cast<const Vec*>(limbs + i))));
    }
    for (; i < count; ++i) taken[i] = static_cast<double>(static_cast<long long>(limbs[i]));
    return taken;
  }
};

// How often the products of a kernel meet a column, by closed forms for columns below and from h on: `low` halves
// in column c, hence as many `high` halves in column c + 1.
struct Products {  // `each` full products of h x h limbs
  Word each;
  int h;
  HEFLOW_INLINE_MEMBER Word below(int c) const { return each * static_cast<Word>(c + 1); }
  HEFLOW_INLINE_MEMBER Word above(int c) const { return each * static_cast<Word>(2 * h - 1 - c); }
};
struct SquareProducts {  // the products (i, j), i <= j
  int h;
  HEFLOW_INLINE_MEMBER Word below(int c) const { return static_cast<Word>((c >> 1) + 1); }
  HEFLOW_INLINE_MEMBER Word above(int c) const { return static_cast<Word>(h - ((c + 1) >> 1)); }
};

// Columns before a reduction: minus all constants that `products`, of which the high halves count `high_bits`, and
// q n will add; n, which keeps the result positive; and the bias.
template <class Counts>
HEFLOW_INLINE void start(Vec* columns, const ModulusView& m, const Counts& products, Word high_bits) {
  const int h = static_cast<int>(m.limbs);
  const Products quotient{1, h};
  constexpr Word bias = kBias - (kBias >> kRadix);
  const auto below = [&](int c) HEFLOW_LAMBDA {
    return bias - (products.below(c) + quotient.below(c)) * kLowBits - products.below(c - 1) * high_bits -
           quotient.below(c - 1) * kHighBits;
  };
  const auto above = [&](int c) HEFLOW_LAMBDA {
    return bias - (products.above(c) + quotient.above(c)) * kLowBits - products.above(c - 1) * high_bits -
           quotient.above(c - 1) * kHighBits;
  };
  // The forms are linear over even and over odd columns: three values give all.
  Vec value = broadcast(below(0)), step = broadcast(below(1) - below(0)), other = broadcast(below(2) - below(1));
  for (int c = 0; c < h; c += 2) {
    columns[c] = value;
    columns[c + 1] = plus(value, step);
    value = plus(value, plus(step, other));
  }
  columns[0] = plus(columns[0], broadcast(kBias >> kRadix));  // no carry comes in
  value = broadcast(above(h)), step = broadcast(above(h + 1) - above(h)), other = broadcast(above(h + 2) - above(h + 1));
  for (int i = 0; i < h; ++i) {
    columns[h + i] = plus(value, broadcast(m.n[i]));
    value = plus(value, step);
    const Vec next = other;
    other = step, step = next;
  }
}

// columns as limbs; the sum is not negative
HEFLOW_INLINE void normalise(Vec* r, const Vec* columns, int count) {
  Vec carry = zero();
  for (int i = 0; i < count; ++i) {
    const Vec t = plus(columns[i], carry);
    carry = carry_of(t);
    r[i] = low(t);
  }
}

// columns += a * b for a of na limbs and b of nb limbs shared by all lanes
HEFLOW_INLINE void add_product(Vec* columns, const Real* a, int na, const double* b, int nb) {
  for (int i = 0; i < na; ++i) {
    const Real x = a[i];
    Vec high = zero();
    for (int j = 0; j < nb; ++j) {
      Vec here = plus(columns[i + j], high);
      high = zero();
      multiply_add(here, high, x, shared(b + j));
      columns[i + j] = here;
    }
    columns[i + nb] = plus(columns[i + nb], high);
  }
}

// columns += K - R - q: with the signed quotient this is the K - q of ../kernels.hpp.
HEFLOW_INLINE void correct(Vec* columns, const Real* quotient, const ModulusView& m) {
  for (unsigned i = 0; i < m.limbs; ++i) {
    const Vec q = bits(_mm256_add_pd(quotient[i], real(kLow)));
    columns[i] = plus(columns[i], minus(broadcast(m.multiple[i] + kLowBits), q));
  }
}

// x -= n where x >= n; 1 in the lanes that did. No branch.
HEFLOW_INLINE Vec subtract_once(Vec* x, Vec* difference, const ModulusView& m) {
  const int h = static_cast<int>(m.limbs);
  Vec carry = broadcast(1);
  for (int i = 0; i < h; ++i) {
    const Vec t = plus(plus(x[i], broadcast(kMask - m.n[i])), carry);
    carry = carry_of(t);
    difference[i] = low(t);
  }
  const Vec subtracted = minus(zero(), carry);
  for (int i = 0; i < h; ++i) x[i] = _mm256_blendv_epi8(x[i], difference[i], subtracted);
  return carry;
}

}  // namespace
}  // namespace heflow::bigint::avx2
