// Sixteen blocks side by side: word w of all of them in one register.
#include "../../base/simd.hpp"
#include "backend.hpp"

namespace heflow::avx512ifma {
namespace {

using Vec = __m512i;

template <int A, int B, int C, int D>
HEFLOW_INLINE void quarter_round(Vec* s) {
  s[A] = _mm512_add_epi32(s[A], s[B]), s[D] = _mm512_rol_epi32(_mm512_xor_si512(s[D], s[A]), 16);
  s[C] = _mm512_add_epi32(s[C], s[D]), s[B] = _mm512_rol_epi32(_mm512_xor_si512(s[B], s[C]), 12);
  s[A] = _mm512_add_epi32(s[A], s[B]), s[D] = _mm512_rol_epi32(_mm512_xor_si512(s[D], s[A]), 8);
  s[C] = _mm512_add_epi32(s[C], s[D]), s[B] = _mm512_rol_epi32(_mm512_xor_si512(s[B], s[C]), 7);
}

// Four words of all blocks to four words of each block: lane l of row i holds words 0..3 of block 4 l + i.
HEFLOW_INLINE void transpose4(Vec* r) {
  const Vec a = _mm512_unpacklo_epi32(r[0], r[1]), b = _mm512_unpackhi_epi32(r[0], r[1]);
  const Vec c = _mm512_unpacklo_epi32(r[2], r[3]), d = _mm512_unpackhi_epi32(r[2], r[3]);
  r[0] = _mm512_unpacklo_epi64(a, c), r[1] = _mm512_unpackhi_epi64(a, c);
  r[2] = _mm512_unpacklo_epi64(b, d), r[3] = _mm512_unpackhi_epi64(b, d);
}

// 128-bit lane l of rows 0..3 to row l.
HEFLOW_INLINE void transpose_lanes(Vec* out, Vec a, Vec b, Vec c, Vec d) {
  const Vec ab0 = _mm512_shuffle_i32x4(a, b, 0x44), ab1 = _mm512_shuffle_i32x4(a, b, 0xee);
  const Vec cd0 = _mm512_shuffle_i32x4(c, d, 0x44), cd1 = _mm512_shuffle_i32x4(c, d, 0xee);
  out[0] = _mm512_shuffle_i32x4(ab0, cd0, 0x88), out[1] = _mm512_shuffle_i32x4(ab0, cd0, 0xdd);
  out[2] = _mm512_shuffle_i32x4(ab1, cd1, 0x88), out[3] = _mm512_shuffle_i32x4(ab1, cd1, 0xdd);
}

}  // namespace

void chacha20(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
              std::size_t blocks) noexcept {
  std::uint32_t words[8];
  __builtin_memcpy(words, key, sizeof words);  // x86 is little-endian
  Vec initial[16];
  const std::uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) initial[i] = _mm512_set1_epi32(static_cast<int>(constants[i]));
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) initial[4 + i] = _mm512_set1_epi32(static_cast<int>(words[i]));
  initial[14] = _mm512_set1_epi32(static_cast<int>(nonce)), initial[15] = _mm512_set1_epi32(static_cast<int>(nonce >> 32));
  const Vec lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  for (std::size_t group = 0; group < blocks; group += 16, out += 16 * 64) {
    const std::uint64_t first = counter + group;
    const Vec base = _mm512_set1_epi32(static_cast<int>(first)), low = _mm512_add_epi32(base, lanes);
    const __mmask16 carry = _mm512_cmplt_epu32_mask(low, base);
    const Vec high = _mm512_set1_epi32(static_cast<int>(first >> 32));
    initial[12] = low, initial[13] = _mm512_mask_add_epi32(high, carry, high, _mm512_set1_epi32(1));
    Vec s[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) s[i] = initial[i];
    for (int round = 0; round < 10; ++round) {
      quarter_round<0, 4, 8, 12>(s), quarter_round<1, 5, 9, 13>(s);
      quarter_round<2, 6, 10, 14>(s), quarter_round<3, 7, 11, 15>(s);
      quarter_round<0, 5, 10, 15>(s), quarter_round<1, 6, 11, 12>(s);
      quarter_round<2, 7, 8, 13>(s), quarter_round<3, 4, 9, 14>(s);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) s[i] = _mm512_add_epi32(s[i], initial[i]);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) transpose4(s + 4 * i);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      Vec rows[4];
      transpose_lanes(rows, s[i], s[4 + i], s[8 + i], s[12 + i]);
#pragma GCC unroll 4
      for (int l = 0; l < 4; ++l) _mm512_storeu_si512(out + 64 * (4 * l + i), rows[l]);
    }
  }
}

}  // namespace heflow::avx512ifma
