// Powers of one base modulo n^2 by tables without squarings, in constant time.
//
// Entry e of window k is base^(e 2^(w k)) = t0 (1 + l n), stored as (t0, l) ("normalised"): a product of
// normalised numbers multiplies by t0 alone (4 h^2 instead of 5 h^2) and adds the l.
#pragma once

#include <vector>

#include "inverse.hpp"

namespace heflow::bigint {

class FixedBaseTable {
 public:
  // base: a dual constant in Montgomery form. Cost about 64 products a window, over all threads.
  FixedBaseTable(ModulusPtr modulus, const DualConstant& base, std::size_t exponent_bits, InverseMethod method);

  std::size_t exponent_bits() const { return exponent_bits_; }
  std::size_t exponent_words() const { return (exponent_bits_ + 63) / 64; }

  // base^exponent for `items` exponents, lane by lane; exponents: exponent_words() words for each lane of each
  // group. Groups of one call go through each window together, while it is in the cache; the lanes of a group
  // that is less than half full share the windows of its exponents.
  void powers(Word* result, const Word* exponents, std::size_t items) const;

 private:
  void powers_few(Word* result, const Word* exponents, std::size_t items) const;
  Word digit(const Word* exponent, std::size_t window) const;
  void times(Word* x, Word* sum, const Word* entry, bool first) const;
  void finish(Word* x, const Word* sum, Word* scratch) const;
  Word* window(std::size_t k) { return table_.data() + k * (std::size_t{1} << window_bits_) * 2 * modulus_->limbs(); }
  const Word* window(std::size_t k) const { return const_cast<FixedBaseTable*>(this)->window(k); }
  void fill(const Word* bases, std::size_t first_window, InverseMethod method);

  ModulusPtr modulus_;
  std::size_t exponent_bits_;
  unsigned window_bits_;
  std::size_t windows_;
  Buffer table_;  // [window][2h limbs][entries], as select_rows reads it
};

}  // namespace heflow::bigint
