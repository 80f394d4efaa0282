// Montgomery reduction by product scanning in radix 2^58: a column of products of 58-bit limbs fits a
// signed 128-bit accumulator (6h products of 116 bits), so carries move once a column, never inside one.
#pragma once

#include "../kernels.hpp"

namespace heflow::bigint::portable {
namespace {

__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 UnsignedWide;

constexpr unsigned kRadix = 58;
constexpr Word kMask = (Word{1} << kRadix) - 1;

inline Wide product(Word a, Word b) { return static_cast<Wide>(static_cast<UnsignedWide>(a) * b); }

// Column k of a * b, for na and nb limbs.
inline Wide column(const Word* a, unsigned na, const Word* b, unsigned nb, unsigned k) {
  const unsigned first = k < nb ? 0 : k - nb + 1, last = k < na ? k : na - 1;
  Wide even = 0, odd = 0;  // two chains, so that the additions overlap
  unsigned i = first;
  for (; i + 1 <= last; i += 2) {
    even += product(a[i], b[k - i]);
    odd += product(a[i + 1], b[k - i - 1]);
  }
  if (i <= last) even += product(a[i], b[k - i]);
  return even + odd;
}

// Column k of a^2.
inline Wide square_column(const Word* a, unsigned h, unsigned k) {
  const unsigned first = k < h ? 0 : k - h + 1;
  Wide even = 0, odd = 0;
  unsigned i = first;
  for (; 2 * (i + 1) < k; i += 2) {
    even += product(a[i], a[k - i]);
    odd += product(a[i + 1], a[k - i - 1]);
  }
  if (2 * i < k) even += product(a[i], a[k - i]);
  const Wide twice = 2 * (even + odd);
  return k % 2 == 0 ? twice + product(a[k / 2], a[k / 2]) : twice;
}

// r = (sum of columns + q n) / R with the quotient q kept in `quotient`; `source(k)` gives column k of the
// number to reduce, k < 2h. r may not alias what `source` reads.
template <class Source>
inline void reduce_columns(Word* r, Word* quotient, const ModulusView& m, const Source& source) {
  const unsigned h = m.limbs;
  Wide carry = 0;
  for (unsigned k = 0; k < h; ++k) {
    carry += source(k);
    if (k > 0) carry += column(quotient, k, m.n + 1, h - 1, k - 1);
    const Word q = (static_cast<Word>(carry) * m.negative_inverse) & kMask;
    quotient[k] = q;
    carry = (carry + product(q, m.n[0])) >> kRadix;
  }
  for (unsigned k = h; k < 2 * h; ++k) {
    carry += source(k) + column(quotient, h, m.n, h, k);
    r[k - h] = static_cast<Word>(carry) & kMask;
    carry >>= kRadix;
  }
}

inline void copy(Word* r, const Word* a, unsigned words) {
  for (unsigned i = 0; i < words; ++i) r[i] = a[i];
}

// x -= n if x >= n; returns 1 if it did. No branch.
inline Word subtract_once(Word* x, const ModulusView& m) {
  Word difference[kMaxLimbs];
  Wide carry = 0;
  for (unsigned i = 0; i < m.limbs; ++i) {
    carry += static_cast<Wide>(x[i]) - static_cast<Wide>(m.n[i]);
    difference[i] = static_cast<Word>(carry) & kMask;
    carry >>= kRadix;
  }
  const Word keep = static_cast<Word>(carry);  // all ones if x < n
  for (unsigned i = 0; i < m.limbs; ++i) x[i] = (x[i] & keep) | (difference[i] & ~keep);
  return ~keep & 1;
}

}  // namespace
}  // namespace heflow::bigint::portable
