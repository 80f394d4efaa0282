// What is done beside a product, a little at each of its tiles: while the product waits for the multiplier, a
// look-up waits for memory, and the two together take hardly longer than the product.
#pragma once

#include "vector.hpp"

namespace heflow::bigint::avx512ifma {
namespace {

struct Nothing {
  HEFLOW_INLINE_MEMBER void step() {}
  HEFLOW_INLINE_MEMBER void finish() {}
};

// One of 2^Levels entries that lie `stride` vectors apart, for every lane its own: bit k of the indices, as a
// mask of lanes, halves what is left. Every entry is read.
template <int Levels>
HEFLOW_INLINE Vec choose(const Vec* entry, std::size_t stride, const __mmask8* bits) {
  if constexpr (Levels == 1) {
    return _mm512_mask_mov_epi64(entry[0], bits[0], entry[stride]);
  } else {
    const Vec lower = choose<Levels - 1>(entry, stride, bits);
    const Vec upper = choose<Levels - 1>(entry + (stride << (Levels - 1)), stride, bits);
    return _mm512_mask_mov_epi64(lower, bits[Levels - 1], upper);
  }
}

class Selecting {
 public:
  explicit Selecting(const LookupPart& part) : part_(part), at_(part.first) {
    const Vec indices = _mm512_loadu_si512(part.indices);
    unroll<0, kMostLevels>([&](auto k) HEFLOW_LAMBDA { bits_[k] = _mm512_test_epi64_mask(indices, broadcast(Word{1} << k)); });
  }

  HEFLOW_INLINE_MEMBER void step() {
    if (at_ < part_.last) limb();
    if (at_ < part_.last) limb();
  }

  HEFLOW_INLINE_MEMBER void finish() {
    while (at_ < part_.last) limb();
  }

 private:
  static constexpr int kMostLevels = 6;

  // Out of line: between two tiles few registers are in use.
  __attribute__((noinline)) void limb() {
    Vec* r = vec(part_.r) + at_;
    const Vec* table = vec(part_.table) + at_;
    ++at_;
    switch (part_.entries) {
      case 2:
        *r = choose<1>(table, part_.width, bits_);
        break;
      case 4:
        *r = choose<2>(table, part_.width, bits_);
        break;
      case 8:
        *r = choose<3>(table, part_.width, bits_);
        break;
      case 16:
        *r = choose<4>(table, part_.width, bits_);
        break;
      case 32:
        *r = choose<5>(table, part_.width, bits_);
        break;
      default:
        *r = choose<6>(table, part_.width, bits_);
        break;
    }
  }

  LookupPart part_;
  unsigned at_;
  __mmask8 bits_[kMostLevels];
};

}  // namespace
}  // namespace heflow::bigint::avx512ifma
