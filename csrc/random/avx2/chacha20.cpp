// Eight blocks side by side: word w of all of them in one register.
#include "../../base/simd.hpp"
#include "backend.hpp"

namespace heflow::avx2 {
namespace {

using Vec = __m256i;

constexpr std::size_t kGroup = 8;

HEFLOW_INLINE Vec broadcast(std::uint64_t x) { return _mm256_set1_epi32(static_cast<int>(static_cast<std::uint32_t>(x))); }

// By whole bytes a shuffle rotates in one step.
template <int Bits>
HEFLOW_INLINE Vec rotate(Vec x) {
  if constexpr (Bits == 16) {
    return _mm256_shuffle_epi8(x, _mm256_set_epi8(13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2, 13, 12, 15, 14, 9, 8,
                                                  11, 10, 5, 4, 7, 6, 1, 0, 3, 2));
  } else if constexpr (Bits == 8) {
    return _mm256_shuffle_epi8(x, _mm256_set_epi8(14, 13, 12, 15, 10, 9, 8, 11, 6, 5, 4, 7, 2, 1, 0, 3, 14, 13, 12, 15, 10, 9,
                                                  8, 11, 6, 5, 4, 7, 2, 1, 0, 3));
  } else {
    return _mm256_or_si256(_mm256_slli_epi32(x, Bits), _mm256_srli_epi32(x, 32 - Bits));
  }
}

// Four quarter rounds, on words A + i, B + (i + Shift) % 4, ...: columns, or diagonals with Shift = 1.
template <int Shift>
HEFLOW_INLINE void round(Vec* s) {
  Vec *a = s, *b = s + 4, *c = s + 8, *d = s + 12;
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const int j = (i + Shift) % 4, l = (i + 3 * Shift) % 4;
    a[i] = _mm256_add_epi32(a[i], b[j]), d[l] = rotate<16>(_mm256_xor_si256(d[l], a[i]));
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const int j = (i + Shift) % 4, k = (i + 2 * Shift) % 4, l = (i + 3 * Shift) % 4;
    c[k] = _mm256_add_epi32(c[k], d[l]), b[j] = rotate<12>(_mm256_xor_si256(b[j], c[k]));
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const int j = (i + Shift) % 4, l = (i + 3 * Shift) % 4;
    a[i] = _mm256_add_epi32(a[i], b[j]), d[l] = rotate<8>(_mm256_xor_si256(d[l], a[i]));
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const int j = (i + Shift) % 4, k = (i + 2 * Shift) % 4, l = (i + 3 * Shift) % 4;
    c[k] = _mm256_add_epi32(c[k], d[l]), b[j] = rotate<7>(_mm256_xor_si256(b[j], c[k]));
  }
}

// Four words of all blocks to four words of each block: lane l of row i holds words 0..3 of block 4 l + i.
HEFLOW_INLINE void transpose4(Vec* r) {
  const Vec a = _mm256_unpacklo_epi32(r[0], r[1]), b = _mm256_unpackhi_epi32(r[0], r[1]);
  const Vec c = _mm256_unpacklo_epi32(r[2], r[3]), d = _mm256_unpackhi_epi32(r[2], r[3]);
  r[0] = _mm256_unpacklo_epi64(a, c), r[1] = _mm256_unpackhi_epi64(a, c);
  r[2] = _mm256_unpacklo_epi64(b, d), r[3] = _mm256_unpackhi_epi64(b, d);
}

HEFLOW_INLINE void store(std::uint8_t* out, Vec x) { _mm256_storeu_si256(reinterpret_cast<Vec*>(out), x); }

}  // namespace

void chacha20(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
              std::size_t blocks) noexcept {
  std::uint32_t words[8];
  __builtin_memcpy(words, key, sizeof words);  // x86 is little-endian
  const std::uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  Vec initial[16];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) initial[i] = broadcast(constants[i]);
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) initial[4 + i] = broadcast(words[i]);
  initial[14] = broadcast(nonce), initial[15] = broadcast(nonce >> 32);
  for (std::size_t group = 0; group < blocks; group += kGroup, out += kGroup * 64) {
    alignas(32) std::uint32_t low[kGroup], high[kGroup];
    for (std::size_t i = 0; i < kGroup; ++i) {
      low[i] = static_cast<std::uint32_t>(counter + group + i),
      high[i] = static_cast<std::uint32_t>((counter + group + i) >> 32);
    }
    initial[12] = _mm256_load_si256(reinterpret_cast<const Vec*>(low));
    initial[13] = _mm256_load_si256(reinterpret_cast<const Vec*>(high));
    Vec s[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) s[i] = initial[i];
    for (int i = 0; i < 10; ++i) round<0>(s), round<1>(s);
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) s[i] = _mm256_add_epi32(s[i], initial[i]);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) transpose4(s + 4 * i);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      store(out + 64 * i, _mm256_permute2x128_si256(s[i], s[4 + i], 0x20));
      store(out + 64 * i + 32, _mm256_permute2x128_si256(s[8 + i], s[12 + i], 0x20));
      store(out + 64 * (4 + i), _mm256_permute2x128_si256(s[i], s[4 + i], 0x31));
      store(out + 64 * (4 + i) + 32, _mm256_permute2x128_si256(s[8 + i], s[12 + i], 0x31));
    }
  }
}

}  // namespace heflow::avx2
