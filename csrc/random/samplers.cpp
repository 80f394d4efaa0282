#include "samplers.hpp"

#include <cstring>

#include "../base/bytes.hpp"
#include "../base/wipe.hpp"
#include "select.hpp"

namespace heflow {
namespace {

std::size_t bit_length(const std::uint64_t* x, std::size_t words) {
  for (std::size_t i = words; i-- > 0;) {
    if (x[i] != 0) return 64 * i + 64 - static_cast<std::size_t>(__builtin_clzll(x[i]));
  }
  return 0;
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
  const RandomKernels& kernels = random_kernels();
  const std::uint64_t mask = ~std::uint64_t{0} >> __builtin_clzll(p);
  for (std::size_t done = 0; done < count;) {
    const std::size_t wanted = count - done;
    std::uint64_t* words = out + done;
    stream.fill(reinterpret_cast<std::uint8_t*>(words), wanted * sizeof *words);
    if ((wanted % 8 == 0 ? kernels : kPortableRandomKernels).cut_below(words, wanted, mask, p)) return;
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
    const std::size_t n = random_kernels().ternary(kept, bytes, kBytes), part = n < count - done ? n : count - done;
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
    random_kernels().centred_binomial21(samples, words, third);
    const std::size_t part = 3 * third < count - done ? 3 * third : count - done;
    std::memcpy(out + done, samples, part);
    done += part;
  }
  wipe(words, sizeof words), wipe(samples, sizeof samples);
}

}  // namespace heflow
