// Montgomery reduction of a sum of columns.
#pragma once

#include "columns.hpp"

namespace heflow::bigint::portable {
namespace {

// The quotient limbs of B columns that hold everything but the products of these limbs themselves.
template <unsigned B>
inline void take_quotient(Columns<B>& block, Word* quotient, const ModulusView& m) {
  for (unsigned s = 0; s < B; ++s) {
    const Word q = (static_cast<Word>(block.c[s]) * m.negative_inverse) & kMask;
    quotient[s] = q;
    const Wide carry = (block.c[s] + product(q, m.n[0])) >> kRadix;
    if (s + 1 < B) block.c[s + 1] += carry + product(q, m.n[1]);
    for (unsigned j = s + 2; j < B; ++j) block.c[j] += product(q, m.n[j - s]);
    block.c[s] = carry;
  }
}

// One block of columns below h; returns the carry.
template <unsigned B, class Source>
inline Wide reduce_low(Wide carry, unsigned k, Word* quotient, const ModulusView& m, const Source& source) {
  Columns<B> block{};
  block.c[0] = carry;
  source(block, k);
  add_rows(block, quotient, m.n, k, 0, k);
  take_quotient(block, quotient + k, m);
  return block.c[B - 1];
}

// One block of columns from h on: limbs of the result.
template <unsigned B, class Source>
inline Wide reduce_high(Wide carry, unsigned k, Word* r, const Word* quotient, const ModulusView& m, const Source& source) {
  Columns<B> block{};
  source(block, k);
  add_product(block, quotient, m.n, m.limbs, k);
  for (unsigned j = 0; j < B; ++j) {
    carry += block.c[j];
    r[k - m.limbs + j] = static_cast<Word>(carry) & kMask;
    carry >>= kRadix;
  }
  return carry;
}

// r = (sum of columns + q n) / R with the quotient q kept in `quotient`; `source(block, k)` adds columns
// k, k + 1, ... of the number to reduce, k < 2h, to a block. r may not alias what `source` reads.
template <class Source>
inline void reduce_columns(Word* r, Word* quotient, const ModulusView& m, const Source& source) {
  const unsigned h = m.limbs;
  Wide carry = 0;
  unsigned k = 0;
  for (; k + 4 <= h; k += 4) carry = reduce_low<4>(carry, k, quotient, m, source);
  if (k < h) carry = reduce_low<2>(carry, k, quotient, m, source);
  for (k = h; k + 4 <= 2 * h; k += 4) carry = reduce_high<4>(carry, k, r, quotient, m, source);
  if (k < 2 * h) reduce_high<2>(carry, k, r, quotient, m, source);
}

inline void copy(Word* r, const Word* a, unsigned words) {
  for (unsigned i = 0; i < words; ++i) r[i] = a[i];
}

inline void twice(Word* r, const Word* a, unsigned limbs) {
  for (unsigned i = 0; i < limbs; ++i) r[i] = 2 * a[i];
}

// Limb by limb: for sums of columns with few terms.
template <unsigned B>
inline void add_limbs(Columns<B>& to, const Word* x, unsigned limbs, unsigned k) {
  for (unsigned j = 0; j < B; ++j) to.c[j] += k + j < limbs ? static_cast<Wide>(x[k + j]) : Wide{0};
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
