// The summands of a linear map, chunks filled up to h limbs.
#pragma once

#include "montgomery.hpp"

namespace heflow::bigint::portable {
namespace {

class Terms {
 public:
  Terms(const LinearTerm* terms, std::size_t count, unsigned limbs) : terms_(terms), count_(count), limbs_(limbs) {
    Word* free = filled_;
    for (std::size_t t = 0; t < count; ++t) {
      chunks_[t] = terms[t].chunk;
      if (terms[t].chunk_limbs == limbs) continue;
      copy(free, terms[t].chunk, terms[t].chunk_limbs);
      for (unsigned i = terms[t].chunk_limbs; i < limbs; ++i) free[i] = 0;
      chunks_[t] = free;
      free += limbs;
    }
  }

  // Columns k, k + 1, ... of the sum of the products with the first or the second constants.
  template <unsigned B>
  void add(Columns<B>& to, unsigned k, bool second) const {
    for (std::size_t t = 0; t < count_; ++t) add_product(to, chunks_[t], second ? terms_[t].c1 : terms_[t].c0, limbs_, k);
  }

 private:
  static constexpr std::size_t kMostTerms = 8;
  const LinearTerm* terms_;
  std::size_t count_;
  unsigned limbs_;
  const Word* chunks_[kMostTerms];
  Word filled_[kMostTerms * kMaxLimbs];
};

}  // namespace
}  // namespace heflow::bigint::portable
