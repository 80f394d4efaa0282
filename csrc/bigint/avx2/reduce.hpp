// Montgomery reduction, a row at a time: row i adds its products and q_i n to columns i .. i + h, with q_i such that
// column i vanishes modulo 2^51. Quotient digits are signed, |q_i| <= 2^50, so that n is added to the result to
// keep it positive.
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
    for (int i = 0; i < count; ++i) taken[i] = static_cast<double>(static_cast<long long>(limbs[i]));
    return taken;
  }
};

// columns[c] = value(c), with the bias
template <class Value>
HEFLOW_INLINE void start(Vec* columns, int count, const Value& value) {
  for (int c = 0; c < count; ++c) columns[c] = broadcast(value(c) + kBias - (c > 0 ? kBias >> kRadix : 0));
}

// What the columns of a reduction hold at first beside the constants of other products: n, and the constants of q n.
HEFLOW_INLINE Word reduction_start(const ModulusView& m, int c) {
  const int h = static_cast<int>(m.limbs);
  return (c >= h ? m.n[c - h] : 0) - constants(meeting(h, h, c), meeting(h, h, c - 1));
}

HEFLOW_INLINE void normalise(Vec* r, const Vec* columns, int count) {
  Vec carry = zero();
  for (int i = 0; i < count; ++i) {
    const Vec t = plus(columns[i], carry);
    carry = carry_of(t);
    r[i] = low(t);
  }
}

// -column / n modulo 2^51, signed.
struct QuotientDigit {
  Real inverse, shift;
  HEFLOW_INLINE_MEMBER explicit QuotientDigit(const ModulusView& m) {
    const double inverse_of_n = static_cast<double>(static_cast<long long>(m.negative_inverse));
    inverse = real(inverse_of_n);
    shift = real(kHigh - 0x1p52 * inverse_of_n);  // takes the 2^52 of a column's double out of the product
  }
  HEFLOW_INLINE_MEMBER Real operator()(Vec column) const {
    const Real x = _mm256_castsi256_pd(either(low(column), bits(real(0x1p52))));
    const Real high = _mm256_fmadd_pd(x, inverse, shift);
    return _mm256_fmadd_pd(x, inverse, _mm256_sub_pd(shift, high));
  }
};

// The products of a row are those of `rows`: add(low, high, i, j) for factor pairs (i, j).
struct NoRows {
  HEFLOW_INLINE_MEMBER void add(Vec&, Vec&, int, int) const {}
};

struct ProductRows {
  const Real *a, *b;
  HEFLOW_INLINE_MEMBER void add(Vec& low, Vec& high, int i, int j) const { multiply_add(low, high, a[i], b[j]); }
};

// columns (2h of them) += rows + q n, of which the lower h vanish; q is kept in `quotient`.
template <class Rows>
HEFLOW_INLINE void reduce_rows(Vec* columns, Real* quotient, const double* n, const ModulusView& m, const Rows& rows) {
  const int h = static_cast<int>(m.limbs);
  const QuotientDigit digit(m);
  for (int i = 0; i < h; ++i) {
    Vec* column = columns + i;
    Vec below = column[0], high = zero();
    rows.add(below, high, i, 0);
    const Real q = digit(below);
    quotient[i] = q;
    multiply_add(below, high, q, shared(n));
    high = plus(high, carry_of(below));
    for (int j = 1; j < h; ++j) {
      Vec here = plus(column[j], high);
      high = zero();
      rows.add(here, high, i, j);
      multiply_add(here, high, q, shared(n + j));
      column[j] = here;
    }
    column[h] = plus(column[h], high);
  }
}

// columns += a * b for a of na limbs and b of nb limbs shared by all lanes
HEFLOW_INLINE void add_product(Vec* columns, const Real* a, int na, const double* b, int nb) {
  for (int i = 0; i < na; ++i) {
    Vec high = zero();
    for (int j = 0; j < nb; ++j) {
      Vec here = plus(columns[i + j], high);
      high = zero();
      multiply_add(here, high, a[i], shared(b + j));
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
