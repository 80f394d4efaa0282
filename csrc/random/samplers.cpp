#include "samplers.hpp"

#include "../base/bytes.hpp"

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

}  // namespace heflow
