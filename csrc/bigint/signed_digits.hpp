// Exponents in signed digits -2^(c-1) <= d < 2^(c-1); two spare bits keep exponent + offset inside the windows.
#pragma once

#include <algorithm>
#include <vector>

#include "modexp_multi.hpp"

namespace heflow::bigint {

__extension__ typedef unsigned __int128 Wide128;

// Bits of |x| for the widest of `count` integers.
inline std::size_t widest(const SignedIntegers& x, std::size_t count) {
  std::size_t bits = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t* words = x.words + i * x.words_each;
    const std::int64_t sign = words[x.words_each - 1] >> 63;
    for (std::size_t k = x.words_each; k-- > 0;) {
      const auto word = static_cast<Word>(words[k] ^ sign);  // |x| or |x| - 1
      if (word == 0) continue;
      bits = std::max(bits, 64 * k + 64 - static_cast<std::size_t>(__builtin_clzll(word)) + (sign != 0 ? 1 : 0));
      break;
    }
    if (sign != 0 && bits == 0) bits = 1;
  }
  return bits;
}

// weights + sum_k 2^(c-1) 2^(ck), whose plain base-2^c digits are the signed digits plus 2^(c-1).
class SignedDigits {
 public:
  SignedDigits(const SignedIntegers& weights, std::size_t count, unsigned digit_bits, std::size_t windows)
      : digit_bits_(digit_bits), words_((digit_bits * windows + 63) / 64 + 1), shifted_(count * words_) {
    std::vector<Word> offset(words_, 0);
    for (std::size_t k = 0; k < windows; ++k) {
      const std::size_t bit = digit_bits * k + digit_bits - 1;
      offset[bit / 64] |= Word{1} << (bit % 64);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t* weight = weights.words + i * weights.words_each;
      const auto sign = static_cast<Word>(weight[weights.words_each - 1] >> 63);
      Word carry = 0;
      for (std::size_t k = 0; k < words_; ++k) {
        const Word word = k < weights.words_each ? static_cast<Word>(weight[k]) : sign;
        const Wide128 sum = static_cast<Wide128>(word) + offset[k] + carry;
        shifted_[i * words_ + k] = static_cast<Word>(sum);
        carry = static_cast<Word>(sum >> 64);
      }
    }
  }

  long digit(std::size_t weight, std::size_t window) const {
    const Word* words = shifted_.data() + weight * words_;
    const std::size_t bit = digit_bits_ * window, k = bit / 64, shift = bit % 64;
    Word value = words[k] >> shift;
    if (shift + digit_bits_ > 64) value |= words[k + 1] << (64 - shift);
    return static_cast<long>(value & ((Word{1} << digit_bits_) - 1)) - (1L << (digit_bits_ - 1));
  }

 private:
  unsigned digit_bits_;
  std::size_t words_;
  std::vector<Word> shifted_;
};

}  // namespace heflow::bigint
