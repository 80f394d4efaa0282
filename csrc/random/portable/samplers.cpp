#include "../../base/bytes.hpp"
#include "backend.hpp"

namespace heflow::portable {
namespace {

// Difference of two sums of 21 bits, side by side.
std::int8_t difference(std::uint64_t plus, std::uint64_t minus) {
  std::uint64_t x = plus | minus << 32;
  x -= (x >> 1) & 0x5555555555555555;
  x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
  x += x >> 8, x += x >> 16;  // each 32-bit half: its sum in the low byte
  return static_cast<std::int8_t>((x & 0x3f) - ((x >> 32) & 0x3f));
}

}  // namespace

bool cut_below(std::uint64_t* words, std::size_t count, std::uint64_t mask, std::uint64_t p) noexcept {
  std::uint64_t large = 0;
  for (std::size_t i = 0; i < count; ++i) {
    words[i] = load64_le(reinterpret_cast<const std::uint8_t*>(words + i)) & mask;
    large |= (p - 1 - words[i]) >> 63;
  }
  return large == 0;
}

std::size_t ternary(std::int8_t* out, const std::uint8_t* bytes, std::size_t count) noexcept {
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

void centred_binomial21(std::int8_t* out, const std::uint64_t* words, std::size_t third) noexcept {
  constexpr std::uint64_t kMask = (1 << 21) - 1;
  for (std::size_t i = 0; i < third; ++i) {
    const std::uint64_t x = load64_le(reinterpret_cast<const std::uint8_t*>(words + i));
    const std::uint64_t y = load64_le(reinterpret_cast<const std::uint8_t*>(words + third + i));
    out[i] = difference(x & kMask, x >> 21 & kMask);
    out[third + i] = difference(y & kMask, y >> 21 & kMask);
    out[2 * third + i] = difference(x >> 43, y >> 43);
  }
}

}  // namespace heflow::portable

namespace heflow {

const RandomKernels kPortableRandomKernels = {1, &portable::chacha20, &portable::cut_below, &portable::ternary,
                                              &portable::centred_binomial21};

}  // namespace heflow
