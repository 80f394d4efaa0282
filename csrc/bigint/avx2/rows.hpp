// The rows of a reduction: in row i, which products meet column i + j beside q_i n_j. From the diagonal on a row has
// products; add() is for columns beyond it, add_any() for all.
#pragma once

#include "product.hpp"

namespace heflow::bigint::avx2 {
namespace {

struct NoRows {
  static constexpr bool square = false;
  struct Row {
    HEFLOW_INLINE_MEMBER void add(Vec&, Vec&, int) const {}
    HEFLOW_INLINE_MEMBER void add_any(Vec&, Vec&, int) const {}
  };
  HEFLOW_INLINE_MEMBER Row row(int) const { return {}; }
};

// a b, or 2 a b
template <bool Doubled>
struct ProductRows {
  static constexpr bool square = false;
  const Real *a, *b;
  struct Row {
    Real a;
    const Real* b;
    HEFLOW_INLINE_MEMBER void add(Vec& low, Vec& high, int j) const { multiply_add<Doubled>(low, high, a, b[j]); }
    HEFLOW_INLINE_MEMBER void add_any(Vec& low, Vec& high, int j) const { add(low, high, j); }
  };
  HEFLOW_INLINE_MEMBER Row row(int i) const { return {Doubled ? _mm256_add_pd(a[i], a[i]) : a[i], b}; }
};

// a b + c d
struct TwoProductRows {
  static constexpr bool square = false;
  const Real *a, *b, *c, *d;
  struct Row {
    Real a, c;
    const Real *b, *d;
    HEFLOW_INLINE_MEMBER void add(Vec& low, Vec& high, int j) const {
      multiply_add(low, high, a, b[j]);
      multiply_add(low, high, c, d[j]);
    }
    HEFLOW_INLINE_MEMBER void add_any(Vec& low, Vec& high, int j) const { add(low, high, j); }
  };
  HEFLOW_INLINE_MEMBER Row row(int i) const { return {a[i], c[i], b, d}; }
};

// a^2: in row i the square of a_i at j = i, and the products a_i a_j, doubled, for j > i.
struct SquareRows {
  static constexpr bool square = true;
  const Real* a;
  struct Row {
    int i;
    Real once, twice;
    const Real* a;
    HEFLOW_INLINE_MEMBER void add(Vec& low, Vec& high, int j) const { multiply_add<true>(low, high, twice, a[j]); }
    HEFLOW_INLINE_MEMBER void add_diagonal(Vec& low, Vec& high) const { multiply_add<true>(low, high, once, once); }
    HEFLOW_INLINE_MEMBER void add_any(Vec& low, Vec& high, int j) const {
      if (j == i) add_diagonal(low, high);
      if (j > i) add(low, high, j);
    }
  };
  HEFLOW_INLINE_MEMBER Row row(int i) const { return {i, a[i], _mm256_add_pd(a[i], a[i]), a}; }
};

}  // namespace
}  // namespace heflow::bigint::avx2
