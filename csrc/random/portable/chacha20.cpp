// Four blocks side by side: word i of four blocks is one vector of the compiler's, which SSE2 and NEON hold in
// a register and every other processor in four.
#include "../../base/bytes.hpp"
#include "backend.hpp"

namespace heflow::portable {
namespace {

constexpr unsigned kLanes = 4, kWords = 16;
typedef std::uint32_t Lanes __attribute__((vector_size(4 * kLanes)));

inline Lanes rotate(Lanes x, unsigned bits) { return (x << bits) | (x >> (32 - bits)); }

inline void quarter_round(Lanes& a, Lanes& b, Lanes& c, Lanes& d) {
  a += b, d = rotate(d ^ a, 16);
  c += d, b = rotate(b ^ c, 12);
  a += b, d = rotate(d ^ a, 8);
  c += d, b = rotate(b ^ c, 7);
}

// The first `blocks` <= 4 of four blocks.
void four_blocks(std::uint8_t* out, const Lanes* start, std::size_t blocks) {
  Lanes s[kWords];
  for (unsigned i = 0; i < kWords; ++i) s[i] = start[i];
  for (int round = 0; round < 10; ++round) {
    quarter_round(s[0], s[4], s[8], s[12]), quarter_round(s[1], s[5], s[9], s[13]);
    quarter_round(s[2], s[6], s[10], s[14]), quarter_round(s[3], s[7], s[11], s[15]);
    quarter_round(s[0], s[5], s[10], s[15]), quarter_round(s[1], s[6], s[11], s[12]);
    quarter_round(s[2], s[7], s[8], s[13]), quarter_round(s[3], s[4], s[9], s[14]);
  }
  for (unsigned i = 0; i < kWords; ++i) s[i] += start[i];
  for (std::size_t block = 0; block < blocks; ++block) {
    for (unsigned i = 0; i < kWords; ++i) store32_le(out + 4 * (kWords * block + i), s[i][block]);
  }
}

}  // namespace

void chacha20(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
              std::size_t blocks) noexcept {
  Lanes start[kWords];
  const auto fill = [&start](unsigned i, std::uint32_t word) { start[i] = Lanes{word, word, word, word}; };
  fill(0, 0x61707865), fill(1, 0x3320646e), fill(2, 0x79622d32), fill(3, 0x6b206574);
  for (unsigned i = 0; i < 8; ++i) fill(4 + i, load32_le(key + 4 * i));
  fill(14, static_cast<std::uint32_t>(nonce)), fill(15, static_cast<std::uint32_t>(nonce >> 32));
  for (std::size_t done = 0; done < blocks; done += kLanes) {
    for (unsigned l = 0; l < kLanes; ++l) {
      const std::uint64_t at = counter + done + l;
      start[12][l] = static_cast<std::uint32_t>(at), start[13][l] = static_cast<std::uint32_t>(at >> 32);
    }
    four_blocks(out + 64 * done, start, blocks - done < kLanes ? blocks - done : kLanes);
  }
  for (unsigned i = 4; i < 12; ++i) *reinterpret_cast<volatile Lanes*>(start + i) = Lanes{};
}

}  // namespace heflow::portable
