#include "samplers.hpp"

#include <cstring>

#include "../base/bytes.hpp"
#include "../base/isa.hpp"
#include "../base/wipe.hpp"
#include "kernels.hpp"

namespace heflow {
namespace {

std::size_t bit_length(const std::uint64_t* x, std::size_t words) {
  for (std::size_t i = words; i-- > 0;) {
    if (x[i] != 0) return 64 * i + 64 - static_cast<std::size_t>(__builtin_clzll(x[i]));
  }
  return 0;
}

// 3 third samples from 2 third words of 64 bits, 42 bits each: bits 0..20 of a word count for, 21..41 against; and the
// 21 bits that are left of word i of the first half for, those of the second half against. third a multiple of 8.
void centred_binomial21_words(std::int8_t* out, const std::uint64_t* words, std::size_t third) {
#if defined(HEFLOW_HAVE_AVX512IFMA)
  if (runs_avx512ifma()) return centred_binomial21_avx512(out, words, third);
#endif
  constexpr std::uint64_t kMask = (1 << 21) - 1;
  const auto difference = [](std::uint64_t plus, std::uint64_t minus) {  // of two sums of 21 bits, side by side
    std::uint64_t x = plus | minus << 32;
    x -= (x >> 1) & 0x5555555555555555;
    x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
    x += x >> 8, x += x >> 16;  // each 32-bit half: its sum in the low byte
    return static_cast<std::int8_t>((x & 0x3f) - ((x >> 32) & 0x3f));
  };
  for (std::size_t i = 0; i < third; ++i) {
    const std::uint64_t x = load64_le(reinterpret_cast<const std::uint8_t*>(words + i));
    const std::uint64_t y = load64_le(reinterpret_cast<const std::uint8_t*>(words + third + i));
    out[i] = difference(x & kMask, x >> 21 & kMask);
    out[third + i] = difference(y & kMask, y >> 21 & kMask);
    out[2 * third + i] = difference(x >> 43, y >> 43);
  }
}

// Pairs of bits less 1, without those that are 3; returns how many.
std::size_t ternary_pairs(std::int8_t* out, const std::uint8_t* bytes, std::size_t count) {
#if defined(HEFLOW_HAVE_AVX512IFMA)
  if (runs_avx512ifma()) return ternary_avx512(out, bytes, count);
#endif
  std::size_t n = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (int pair = 0; pair < 8; pair += 2) {
      const int candidate = (bytes[i] >> pair) & 3;
      out[n] = static_cast<std::int8_t>(candidate - 1);
      n += static_cast<std::size_t>(((candidate + 1) >> 2) ^ 1);  // 3 is overwritten by the next
    }
  }
  return n;
}

// Cuts words to a mask; true if all are then below p.
bool cut_below(std::uint64_t* words, std::size_t count, std::uint64_t mask, std::uint64_t p) {
#if defined(HEFLOW_HAVE_AVX512IFMA)
  if (count % 8 == 0 && runs_avx512ifma()) return cut_below_avx512(words, count, mask, p);
#endif
  std::uint64_t large = 0;
  for (std::size_t i = 0; i < count; ++i) {
    words[i] = load64_le(reinterpret_cast<const std::uint8_t*>(words + i)) & mask;
    large |= (p - 1 - words[i]) >> 63;
  }
  return large == 0;
}

std::uint64_t is_below(const std::uint64_t* a, const std::uint64_t* b, std::size_t words) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t difference = a[i] - b[i];
    borrow = static_cast<std::uint64_t>(a[i] < b[i]) | (static_cast<std::uint64_t>(difference == 0) & borrow);
  }
  return borrow;
}

}  // namespace

void uniform_bits(Stream& stream, std::uint64_t* out, std::size_t words, std::size_t bits) noexcept {
  stream.fill(reinterpret_cast<std::uint8_t*>(out), words * sizeof *out);
  for (std::size_t i = 0; i < words; ++i) {
    std::uint64_t mask = ~std::uint64_t{0};
    if (64 * i >= bits)
      mask = 0;
    else if (64 * (i + 1) > bits)
      mask >>= 64 * (i + 1) - bits;
    out[i] = load64_le(reinterpret_cast<const std::uint8_t*>(out + i)) & mask;
  }
}

void uniform_below(Stream& stream, std::uint64_t* out, const std::uint64_t* bound, std::size_t words) noexcept {
  const std::size_t bits = bit_length(bound, words);
  do {
    uniform_bits(stream, out, words, bits);
  } while (is_below(out, bound, words) == 0);
}

void uniform_residues(Stream& stream, std::uint64_t* out, std::size_t count, std::uint64_t p) noexcept {
  const std::uint64_t mask = ~std::uint64_t{0} >> __builtin_clzll(p);
  for (std::size_t done = 0; done < count;) {
    const std::size_t wanted = count - done;
    std::uint64_t* words = out + done;
    stream.fill(reinterpret_cast<std::uint8_t*>(words), wanted * sizeof *words);
    if (cut_below(words, wanted, mask, p)) return;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < wanted; ++i) {
      words[kept] = words[i];
      kept += words[i] < p;
    }
    done += kept;
  }
}

void uniform_ternary(Stream& stream, std::int8_t* out, std::size_t count) noexcept {
  constexpr std::size_t kBytes = 1024;
  std::uint8_t bytes[kBytes];
  std::int8_t kept[4 * kBytes + 16];
  for (std::size_t done = 0; done < count;) {
    stream.fill(bytes, kBytes);
    const std::size_t n = ternary_pairs(kept, bytes, kBytes), part = n < count - done ? n : count - done;
    std::memcpy(out + done, kept, part);
    done += part;
  }
  wipe(bytes, sizeof bytes), wipe(kept, sizeof kept);
}

void centred_binomial21(Stream& stream, std::int8_t* out, std::size_t count) noexcept {
  constexpr std::size_t kMost = 688;  // 3 * 688 samples are 2048 and a few
  alignas(64) std::uint64_t words[2 * kMost];
  std::int8_t samples[3 * kMost];
  for (std::size_t done = 0; done < count;) {
    const std::size_t wanted = (count - done + 2) / 3, third = wanted < kMost ? (wanted + 7) / 8 * 8 : kMost;
    stream.fill(reinterpret_cast<std::uint8_t*>(words), 2 * third * sizeof *words);
    centred_binomial21_words(samples, words, third);
    const std::size_t part = 3 * third < count - done ? 3 * third : count - done;
    std::memcpy(out + done, samples, part);
    done += part;
  }
  wipe(words, sizeof words), wipe(samples, sizeof samples);
}

}  // namespace heflow
