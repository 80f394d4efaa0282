// Small samples. Bit counts go by nibble look-up inside registers: constant time, nothing beyond AVX512BW.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

#include "../kernels.hpp"

namespace heflow {

bool cut_below_avx512(std::uint64_t* words, std::size_t count, std::uint64_t mask, std::uint64_t p) noexcept {
  const __m512i bits = _mm512_set1_epi64(static_cast<long long>(mask));
  __m512i largest = _mm512_setzero_si512();
  for (std::size_t i = 0; i < count; i += 8) {
    const __m512i x = _mm512_and_si512(_mm512_loadu_si512(words + i), bits);
    largest = _mm512_max_epu64(largest, x);
    _mm512_storeu_si512(words + i, x);
  }
  return static_cast<std::uint64_t>(_mm512_reduce_max_epu64(largest)) < p;
}

std::size_t ternary_avx512(std::int8_t* out, const std::uint8_t* bytes, std::size_t count) noexcept {
  const __m512i three = _mm512_set1_epi32(3), one = _mm512_set1_epi32(1);
  // Four bytes hold 16 pairs: pair i of them in lane i.
  const __m512i shifts = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; i += 4) {
    std::uint32_t word;
    __builtin_memcpy(&word, bytes + i, sizeof word);
    const __m512i pairs = _mm512_and_si512(_mm512_srlv_epi32(_mm512_set1_epi32(static_cast<int>(word)), shifts), three);
    const __mmask16 good = _mm512_cmpneq_epu32_mask(pairs, three);
    const __m512i values = _mm512_maskz_compress_epi32(good, _mm512_sub_epi32(pairs, one));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + kept), _mm512_cvtepi32_epi8(values));
    kept += static_cast<unsigned>(__builtin_popcount(good));
  }
  return kept;
}

void centred_binomial21_avx512(std::int8_t* out, const std::uint64_t* words, std::size_t count) noexcept {
  const __m512i table = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const __m512i bits = _mm512_set1_epi64(0x001fffff001fffff), nibble = _mm512_set1_epi8(15);
  // Bytes of the lower half count for, those of the upper half against.
  const __m512i signs = _mm512_set1_epi64(static_cast<long long>(0xffffffff01010101));
  const __m512i ones = _mm512_set1_epi16(1);
  for (std::size_t i = 0; i < count; i += 8) {
    const __m512i x = _mm512_and_si512(_mm512_loadu_si512(words + i), bits);
    const __m512i low = _mm512_shuffle_epi8(table, _mm512_and_si512(x, nibble));
    const __m512i high = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(x, 4), nibble));
    const __m512i pairs = _mm512_madd_epi16(_mm512_maddubs_epi16(_mm512_add_epi8(low, high), signs), ones);
    const __m512i sums = _mm512_add_epi32(pairs, _mm512_srli_epi64(pairs, 32));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), _mm512_cvtepi64_epi8(sums));
  }
}

}  // namespace heflow
