// Products by columns in radix 2^58: thousands of products of 58-bit limbs fit a signed 128-bit accumulator,
// so carries move once a column, never inside one. Columns are summed four at a time: as many accumulators as
// 16 registers hold, and each limb of one factor is loaded once for all of them.
#pragma once

#include "../kernels.hpp"

namespace heflow::bigint::portable {
namespace {

__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 UnsignedWide;

constexpr unsigned kRadix = 58;
constexpr Word kMask = (Word{1} << kRadix) - 1;

inline Wide product(Word a, Word b) { return static_cast<Wide>(static_cast<UnsignedWide>(a) * b); }

// B neighbouring columns of a sum.
template <unsigned B>
struct Columns {
  Wide c[B];
};

// Column j += a[i] b[k + j - i] over first <= i < last: a parallelogram, where every limb of b exists.
inline void add_rows(Columns<4>& to, const Word* a, const Word* b, unsigned k, unsigned first, unsigned last) {
  Wide c0 = to.c[0], c1 = to.c[1], c2 = to.c[2], c3 = to.c[3];
  for (unsigned i = first; i < last; ++i) {
    const Word x = a[i], *y = b + (k - i);
    c0 += product(x, y[0]), c1 += product(x, y[1]), c2 += product(x, y[2]), c3 += product(x, y[3]);
  }
  to.c[0] = c0, to.c[1] = c1, to.c[2] = c2, to.c[3] = c3;
}

inline void add_rows(Columns<2>& to, const Word* a, const Word* b, unsigned k, unsigned first, unsigned last) {
  Wide c0 = to.c[0], c1 = to.c[1];
  for (unsigned i = first; i < last; ++i) {
    const Word x = a[i], *y = b + (k - i);
    c0 += product(x, y[0]), c1 += product(x, y[1]);
  }
  to.c[0] = c0, to.c[1] = c1;
}

// Column j += x[i] y[j - i] over 0 < i <= j: the corner where b begins.
inline void add_first_corner(Columns<4>& to, const Word* x, const Word* y) {
  to.c[1] += product(x[1], y[0]);
  to.c[2] += product(x[1], y[1]) + product(x[2], y[0]);
  to.c[3] += product(x[1], y[2]) + product(x[2], y[1]) + product(x[3], y[0]);
}

inline void add_first_corner(Columns<2>& to, const Word* x, const Word* y) { to.c[1] += product(x[1], y[0]); }

// Column j += x[i] y[B - 1 + j - i] over j <= i < B - 1: the corner where b ends.
inline void add_last_corner(Columns<4>& to, const Word* x, const Word* y) {
  to.c[0] += product(x[0], y[3]) + product(x[1], y[2]) + product(x[2], y[1]);
  to.c[1] += product(x[1], y[3]) + product(x[2], y[2]);
  to.c[2] += product(x[2], y[3]);
}

inline void add_last_corner(Columns<2>& to, const Word* x, const Word* y) { to.c[0] += product(x[0], y[1]); }

// Columns k .. k + B - 1 of a b, both of h limbs; no block lies across h.
template <unsigned B>
inline void add_product(Columns<B>& to, const Word* a, const Word* b, unsigned h, unsigned k) {
  if (k < h) {
    add_rows(to, a, b, k, 0, k + 1);
    add_first_corner(to, a + k, b);
  } else {
    add_last_corner(to, a + (k + 1 - h), b + (h - B));
    add_rows(to, a, b, k, k + B - h, h);
  }
}

// Column k of a^2, `twice` = 2 a limb by limb.
inline Wide square_column(const Word* a, const Word* twice, unsigned h, unsigned k) {
  Wide sum = 0;
  for (unsigned i = k < h ? 0 : k - h + 1; 2 * i < k; ++i) sum += product(a[i], twice[k - i]);
  return k % 2 == 0 ? sum + product(a[k / 2], a[k / 2]) : sum;
}

// Columns k .. k + B - 1 of a^2, k even: products of different limbs once, doubled.
inline void add_square(Columns<2>& to, const Word* a, const Word* twice, unsigned h, unsigned k) {
  to.c[0] += square_column(a, twice, h, k);
  if (k + 2 < 2 * h) to.c[1] += square_column(a, twice, h, k + 1);
}

inline void add_square(Columns<4>& to, const Word* a, const Word* twice, unsigned h, unsigned k) {
  const unsigned m = k / 2;
  if (m + 4 > h) {  // the last few
    for (unsigned j = 0; j < 4 && k + j < 2 * h - 1; ++j) to.c[j] += square_column(a, twice, h, k + j);
    return;
  }
  if (k >= h) add_last_corner(to, a + (k + 1 - h), twice + (h - 4));
  add_rows(to, a, twice, k, k < h ? 0 : k + 4 - h, m);
  to.c[0] += product(a[m], a[m]);
  to.c[1] += product(a[m], twice[m + 1]);
  to.c[2] += product(a[m], twice[m + 2]) + product(a[m + 1], a[m + 1]);
  to.c[3] += product(a[m], twice[m + 3]) + product(a[m + 1], twice[m + 2]);
}

}  // namespace
}  // namespace heflow::bigint::portable
