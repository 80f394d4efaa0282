// Montgomery reduction, a row at a time: row i adds its products and q_i n to columns i .. i + h, with q_i such that
// column i vanishes modulo 2^51. Digits are signed, |q_i| <= 2^50 (below 2^51 where the rounding mode is not to
// nearest), so that n is added to the result to keep it positive.
#pragma once

#include "columns.hpp"
#include "rows.hpp"

namespace heflow::bigint::avx2 {
namespace {

// Clears a column: q = -column / n modulo 2^51, and what column + q n_0 carries. About thirty cycles from end to end,
// in stages that other work goes between: a processor does not look far enough ahead to find that work itself.
struct Clearing {
  static constexpr int kStages = 4;
  const double* n;
  Real inverse, shift;  // shift takes the 2^52 of a column's double out of its product
  Real x, product, q;
  HEFLOW_INLINE_MEMBER Clearing(const ModulusView& m, const double* limbs) : n(limbs) {
    const double inverse_of_n = static_cast<double>(static_cast<long long>(m.negative_inverse));
    inverse = real(inverse_of_n);
    shift = real(kHigh - 0x1p52 * inverse_of_n);
  }
  // `high` goes to the next column.
  template <int Stage>
  HEFLOW_INLINE_MEMBER void stage(Vec column, Vec& high) {
    if constexpr (Stage == 0) {
      x = _mm256_castsi256_pd(either(low(column), bits(real(0x1p52))));
      product = _mm256_fmadd_pd(x, inverse, shift);
    } else if constexpr (Stage == 1) {
      q = _mm256_fmadd_pd(x, inverse, _mm256_sub_pd(shift, product));
    } else if constexpr (Stage == 2) {
      product = _mm256_fmadd_pd(q, shared(n), real(kHigh));
      high = plus(high, bits(product));
    } else {
      const Real rest = _mm256_fmadd_pd(q, shared(n), _mm256_sub_pd(real(kHigh + kLow), product));
      high = plus(high, carry_of(plus(column, bits(rest))));
    }
  }
  HEFLOW_INLINE_MEMBER void all_stages(Vec column, Vec& high) {
    unroll<0, kStages>([&](auto s) HEFLOW_LAMBDA { stage<s>(column, high); });
  }
};

enum class Part { quotient, diagonal, product };

// A row under way. What column j hands on to column j + 1 is in `high`.
template <class Row>
struct Walk {
  Row row;
  Real q;
  const double* n;
  Vec* column;
  Vec high;
  template <Part part>
  HEFLOW_INLINE_MEMBER void step(int j) {
    Vec here = plus(column[j], high);
    high = zero();
    if constexpr (part == Part::diagonal) row.add_diagonal(here, high);
    if constexpr (part == Part::product) row.add(here, high, j);
    multiply_add(here, high, q, shared(n + j));
    column[j] = here;
  }
};

// The next row's first column, which is cleared during this row.
struct Next {
  Clearing clearing;
  Vec column, high;
};

constexpr int kStepsPerStage = 3, kSpan = Clearing::kStages * kStepsPerStage;

// Clears next.column beside steps `first` .. of at most `last`; returns the step to go on with.
template <Part part, class Row>
HEFLOW_INLINE int clear_beside(Next& next, Walk<Row>& walk, int first, int last) {
  if (last - first < kSpan) {
    next.clearing.all_stages(next.column, next.high);
    return first;
  }
  unroll<0, Clearing::kStages>([&](auto s) HEFLOW_LAMBDA {
    __asm__("" : "+x"(walk.high), "+x"(next.column));  // the compiler would move the stages together
    next.clearing.stage<s>(next.column, next.high);
    unroll<0, kStepsPerStage>([&](auto k) HEFLOW_LAMBDA { walk.template step<part>(first + kStepsPerStage * s + k); });
  });
  return first + kSpan;
}

// Columns first .. h of row i.
template <bool Last, bool Square, class Row>
HEFLOW_INLINE void finish_row(Walk<Row>& walk, Next& next, int i, int first, int h) {
  bool clear = !Last;
  if constexpr (Square) {
    if (clear && i - first >= kSpan) {
      first = clear_beside<Part::quotient>(next, walk, first, i);
      clear = false;
    }
    for (; first < i; ++first) walk.template step<Part::quotient>(first);
    if (first == i) walk.template step<Part::diagonal>(first++);
  }
  if (clear) first = clear_beside<Part::product>(next, walk, first, h);
  for (; first < h; ++first) walk.template step<Part::product>(first);
  walk.column[h] = plus(walk.column[h], walk.high);
}

// columns (2h of them) += rows + q n, of which the lower h vanish; q is kept in `quotient`.
template <class Rows>
HEFLOW_INLINE void reduce_rows(Vec* columns, Real* quotient, const double* n, const ModulusView& m, const Rows& rows) {
  const int h = static_cast<int>(m.limbs);
  Next next{Clearing(m, n), columns[0], zero()};
  auto row = rows.row(0);
  row.add_any(next.column, next.high, 0);
  next.clearing.all_stages(next.column, next.high);
  for (int i = 0;; ++i) {
    Walk<typename Rows::Row> walk{row, next.clearing.q, n, columns + i, next.high};
    quotient[i] = walk.q;
    if (i + 1 == h) return finish_row<true, Rows::square>(walk, next, i, 1, h);
    next.column = plus(columns[i + 1], walk.high);
    walk.high = next.high = zero();
    row.add_any(next.column, walk.high, 1);
    multiply_add(next.column, walk.high, walk.q, shared(n + 1));
    row = rows.row(i + 1);
    row.add_any(next.column, next.high, 0);
    finish_row<false, Rows::square>(walk, next, i, 2, h);
  }
}

}  // namespace
}  // namespace heflow::bigint::avx2
