// Buckets of one lane group: a row of 2h limbs for every (bucket, lane), so that each lane can add to a
// bucket of its own. A row is read by transposing eight, multiplied, and written back.
#pragma once

#include <cstring>

#include "batch.hpp"

namespace heflow::bigint {

class Buckets {
 public:
  Buckets(const Modulus& modulus, std::size_t count)
      : modulus_(modulus),
        count_(count),
        width_(2 * modulus.limbs()),
        rows_(count * modulus.dual_group_words()),
        one_(modulus.dual_group_words()),
        product_(modulus.dual_group_words()) {
    std::memcpy(one_.data(), modulus.dual_one().c0.data(), modulus.limbs() * sizeof(Word));
    std::memcpy(one_.data() + modulus.limbs(), modulus.dual_one().c1.data(), modulus.limbs() * sizeof(Word));
    clear();
  }

  void clear() {
    for (std::size_t row = 0; row < count_ * modulus_.lanes(); ++row) {
      std::memcpy(rows_.data() + row * width_, one_.data(), width_ * sizeof(Word));
    }
  }

  // bucket[indices[l]] of lane l *= lane l of factor
  void multiply(const std::size_t* indices, const Word* factor) {
    Word* rows[kMaxLanes];
    for (unsigned l = 0; l < modulus_.lanes(); ++l) rows[l] = row(indices[l], l);
    modulus_.kernels().load_rows(product_.data(), rows, width_);
    modulus_.kernels().dual_mul(product_.data(), product_.data(), factor, modulus_.view());
    modulus_.kernels().store_rows(rows, product_.data(), width_);
  }

  // One bucket index for all lanes, as a lane group.
  void read(Word* group, std::size_t index) {
    Word* rows[kMaxLanes];
    for (unsigned l = 0; l < modulus_.lanes(); ++l) rows[l] = row(index, l);
    modulus_.kernels().load_rows(group, rows, width_);
  }

  Word* row(std::size_t index, unsigned lane) { return rows_.data() + (index * modulus_.lanes() + lane) * width_; }
  unsigned width() const { return width_; }

 private:
  const Modulus& modulus_;
  std::size_t count_;
  unsigned width_;
  Buffer rows_, one_, product_;
};

}  // namespace heflow::bigint
