#include "modexp_fixed_base.hpp"

#include <algorithm>
#include <cstring>

#include "../threads/parallel_for.hpp"

namespace heflow::bigint {

FixedBaseTable::FixedBaseTable(ModulusPtr modulus, const DualConstant& base, std::size_t exponent_bits, InverseMethod method)
    : modulus_(std::move(modulus)),
      exponent_bits_(exponent_bits),
      window_bits_(modulus_->kernels().fixed_base_window),
      windows_((exponent_bits + window_bits_ - 1) / window_bits_),
      table_(windows_ * (std::size_t{1} << window_bits_) * 2 * modulus_->limbs(), Content::secret) {
  const Modulus& m = *modulus_;
  const unsigned lanes = m.lanes();
  const std::size_t words = m.dual_group_words(), tiles = (windows_ + lanes - 1) / lanes;
  // Lane l of tile t holds base^(2^(w (t lanes + l))).
  Buffer bases(tiles * words, Content::secret), power(words, Content::secret);
  broadcast(power.data(), base, m);
  for (std::size_t k = 0; k < tiles * lanes; ++k) {
    Word* target = bases.data() + k / lanes * words + k % lanes;
    for (std::size_t i = 0; i < words; i += lanes) target[i] = power.data()[i];
    for (unsigned i = 0; i < window_bits_; ++i) m.kernels().dual_sqr(power.data(), power.data(), m.view());
  }
  parallel_for(tiles, [&](std::size_t t) { fill(bases.data() + t * words, t * lanes, method); });
}

// The windows of one lane group: all entries, normalised, transposed to [limb][entry].
void FixedBaseTable::fill(const Word* bases, std::size_t first_window, InverseMethod method) {
  const Modulus& m = *modulus_;
  const Kernels& k = m.kernels();
  const std::size_t entries = std::size_t{1} << window_bits_, words = m.dual_group_words(), half = m.group_words();
  Buffer powers(entries * words, Content::secret), inverses(entries * half, Content::secret);
  broadcast(powers.data(), m.dual_one(), m);
  for (std::size_t e = 1; e < entries; ++e)
    k.dual_mul(powers.data() + e * words, powers.data() + (e - 1) * words, bases, m.view());
  for (std::size_t e = 0; e < entries; ++e)
    std::memcpy(inverses.data() + e * half, powers.data() + e * words, half * sizeof(Word));
  invert_groups(inverses.data(), entries, half, m, method);  // powers of a unit: cannot fail
  for (std::size_t e = 0; e < entries; ++e) {
    Word* t1 = powers.data() + e * words + half;  // l = t1 / t0
    k.mont_mul(t1, t1, inverses.data() + e * half, m.view());
    for (unsigned l = 0; l < m.lanes() && first_window + l < windows_; ++l) {
      const Word* lane = powers.data() + e * words + l;
      Word* column = window(first_window + l) + e;
      for (unsigned i = 0; i < 2 * m.limbs(); ++i) column[i * entries] = lane[i * m.lanes()];
    }
  }
}

void FixedBaseTable::powers(Word* result, const Word* exponents, std::size_t groups) const {
  const Modulus& m = *modulus_;
  const Kernels& k = m.kernels();
  const unsigned lanes = m.lanes(), width = 2 * m.limbs(), entries = 1u << window_bits_;
  const std::size_t words = m.dual_group_words(), half = m.group_words();
  Buffer entry(words, Content::secret), sums(groups * half, Content::secret);
  for (std::size_t w = 0; w < windows_; ++w) {
    const std::size_t position = w * window_bits_, word = position / 64, shift = position % 64;
    for (std::size_t g = 0; g < groups; ++g) {
      Word indices[kMaxLanes];
      for (unsigned l = 0; l < lanes; ++l) {
        const Word* exponent = exponents + (g * lanes + l) * exponent_words();
        Word index = exponent[word] >> shift;
        if (shift + window_bits_ > 64 && word + 1 < exponent_words()) index |= exponent[word + 1] << (64 - shift);
        indices[l] = index & (entries - 1);
      }
      k.select_rows(entry.data(), window(w), entries, width, indices);
      Word *x = result + g * words, *sum = sums.data() + g * half;
      if (w == 0) {  // x = (t0, 0), sum = l
        std::memcpy(x, entry.data(), half * sizeof(Word));
        std::memset(x + half, 0, half * sizeof(Word));
        std::memcpy(sum, entry.data() + half, half * sizeof(Word));
      } else {
        k.dual_mul_half(x, x, entry.data(), m.view());
        k.add(sum, sum, entry.data() + half, m.limbs());
      }
    }
  }
  // (x0 + s n)(1 + L n) = x0 + (s + x0 L) n
  for (std::size_t g = 0; g < groups; ++g) {
    Word* x = result + g * words;
    k.mont_mul(entry.data(), x, sums.data() + g * half, m.view());
    k.add(x + half, x + half, entry.data(), m.limbs());
  }
}

}  // namespace heflow::bigint
