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

Word FixedBaseTable::digit(const Word* exponent, std::size_t window) const {
  const std::size_t position = window * window_bits_, word = position / 64, shift = position % 64;
  Word value = exponent[word] >> shift;
  if (shift + window_bits_ > 64 && word + 1 < exponent_words()) value |= exponent[word + 1] << (64 - shift);
  return value & ((Word{1} << window_bits_) - 1);
}

// x = (x0, x1) and the sum of the l: a product of normalised numbers, to be finished.
void FixedBaseTable::times(Word* x, Word* sum, const Word* entry, bool first) const {
  const Modulus& m = *modulus_;
  const std::size_t half = m.group_words();
  if (first) {  // x = (t0, 0), sum = l
    std::memcpy(x, entry, half * sizeof(Word));
    std::memset(x + half, 0, half * sizeof(Word));
    std::memcpy(sum, entry + half, half * sizeof(Word));
  } else {
    m.kernels().dual_mul_half(x, x, entry, m.view());
    m.kernels().add(sum, sum, entry + half, m.limbs());
  }
}

// (x0 + s n)(1 + L n) = x0 + (s + x0 L) n
void FixedBaseTable::finish(Word* x, const Word* sum, Word* scratch) const {
  const Modulus& m = *modulus_;
  Word* x1 = x + m.group_words();
  m.kernels().mont_mul(scratch, x, sum, m.view());
  m.kernels().add(x1, x1, scratch, m.limbs());
}

void FixedBaseTable::powers(Word* result, const Word* exponents, std::size_t items) const {
  const Modulus& m = *modulus_;
  if (2 * items <= m.lanes()) return powers_few(result, exponents, items);
  const unsigned lanes = m.lanes(), width = 2 * m.limbs(), entries = 1u << window_bits_;
  const std::size_t words = m.dual_group_words(), half = m.group_words(), groups = (items + lanes - 1) / lanes;
  Buffer entry(words, Content::secret), sums(groups * half, Content::secret);
  for (std::size_t w = 0; w < windows_; ++w) {
    for (std::size_t g = 0; g < groups; ++g) {
      Word indices[kMaxLanes];
      for (unsigned l = 0; l < lanes; ++l) indices[l] = digit(exponents + (g * lanes + l) * exponent_words(), w);
      m.kernels().select_rows(entry.data(), window(w), entries, width, indices);
      times(result + g * words, sums.data() + g * half, entry.data(), w == 0);
    }
  }
  for (std::size_t g = 0; g < groups; ++g) finish(result + g * words, sums.data() + g * half, entry.data());
}

// One group, of which lane l < stride holds item l in the end, and the others copies.
void FixedBaseTable::powers_few(Word* result, const Word* exponents, std::size_t items) const {
  const Modulus& m = *modulus_;
  const unsigned lanes = m.lanes(), width = 2 * m.limbs(), entries = 1u << window_bits_;
  const std::size_t words = m.dual_group_words();
  unsigned stride = 1;  // lane l takes every (lanes / stride)-th window of item l % stride, from window l / stride on
  while (stride < items) stride *= 2;
  Buffer found(words, Content::secret), entry(words, Content::secret), sum(m.group_words(), Content::secret);
  for (std::size_t first = 0; first < windows_; first += lanes / stride) {
    for (unsigned from = 0; from < lanes; from += stride) {
      const std::size_t w = first + from / stride;
      Word indices[kMaxLanes] = {};  // beyond the last window: entry 0, which is 1
      for (unsigned l = 0; l < lanes && w < windows_; ++l) indices[l] = digit(exponents + l % stride * exponent_words(), w);
      m.kernels().select_rows(found.data(), window(w < windows_ ? w : 0), entries, width, indices);
      for (std::size_t i = 0; i < words; i += lanes) {
        for (unsigned l = from; l < from + stride; ++l) entry.data()[i + l] = found.data()[i + l];
      }
    }
    times(result, sum.data(), entry.data(), first == 0);
  }
  finish(result, sum.data(), entry.data());
  for (unsigned distance = stride; distance < lanes; distance *= 2) {
    exchange_lanes(found.data(), result, distance, words, m);
    m.kernels().dual_mul(result, result, found.data(), m.view());
  }
}

}  // namespace heflow::bigint
