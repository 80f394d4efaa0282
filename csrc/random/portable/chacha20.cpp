#include "../../base/bytes.hpp"
#include "../kernels.hpp"

namespace heflow {
namespace {

std::uint32_t rotate(std::uint32_t x, int bits) { return (x << bits) | (x >> (32 - bits)); }

void quarter_round(std::uint32_t* s, int a, int b, int c, int d) {
  s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 16);
  s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 12);
  s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 8);
  s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 7);
}

void block(std::uint8_t* out, std::uint32_t* initial, std::uint64_t counter) {
  initial[12] = static_cast<std::uint32_t>(counter), initial[13] = static_cast<std::uint32_t>(counter >> 32);
  std::uint32_t s[16];
  for (int i = 0; i < 16; ++i) s[i] = initial[i];
  for (int round = 0; round < 10; ++round) {
    quarter_round(s, 0, 4, 8, 12), quarter_round(s, 1, 5, 9, 13), quarter_round(s, 2, 6, 10, 14),
        quarter_round(s, 3, 7, 11, 15);
    quarter_round(s, 0, 5, 10, 15), quarter_round(s, 1, 6, 11, 12), quarter_round(s, 2, 7, 8, 13),
        quarter_round(s, 3, 4, 9, 14);
  }
  for (int i = 0; i < 16; ++i) store32_le(out + 4 * i, s[i] + initial[i]);
}

}  // namespace

void chacha20_portable(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
                       std::size_t blocks) noexcept {
  std::uint32_t initial[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  for (int i = 0; i < 8; ++i) initial[4 + i] = load32_le(key + 4 * i);
  initial[14] = static_cast<std::uint32_t>(nonce), initial[15] = static_cast<std::uint32_t>(nonce >> 32);
  for (std::size_t i = 0; i < blocks; ++i) block(out + 64 * i, initial, counter + i);
  for (int i = 0; i < 16; ++i) reinterpret_cast<volatile std::uint32_t*>(initial)[i] = 0;
}

}  // namespace heflow
