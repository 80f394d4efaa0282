// Small samples; constant time.
#include "../../base/simd.hpp"
#include "backend.hpp"

namespace heflow::avx512ifma {

bool cut_below(std::uint64_t* words, std::size_t count, std::uint64_t mask, std::uint64_t p) noexcept {
  const __m512i bits = _mm512_set1_epi64(static_cast<long long>(mask));
  __m512i largest = _mm512_setzero_si512();
  for (std::size_t i = 0; i < count; i += 8) {
    const __m512i x = _mm512_and_si512(_mm512_loadu_si512(words + i), bits);
    largest = _mm512_max_epu64(largest, x);
    _mm512_storeu_si512(words + i, x);
  }
  return static_cast<std::uint64_t>(_mm512_reduce_max_epu64(largest)) < p;
}

std::size_t ternary(std::int8_t* out, const std::uint8_t* bytes, std::size_t count) noexcept {
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

void centred_binomial21(std::int8_t* out, const std::uint64_t* words, std::size_t third) noexcept {
  const __m512i low = _mm512_set1_epi64(0x1fffff), middle = _mm512_set1_epi64(0x1fffffll << 21);
  const auto store = [out](std::size_t at, __m512i plus, __m512i minus) {
    const __m512i sum = _mm512_sub_epi64(_mm512_popcnt_epi64(plus), _mm512_popcnt_epi64(minus));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + at), _mm512_cvtepi64_epi8(sum));
  };
  for (std::size_t i = 0; i < third; i += 8) {
    const __m512i x = _mm512_loadu_si512(words + i), y = _mm512_loadu_si512(words + third + i);
    store(i, _mm512_and_si512(x, low), _mm512_and_si512(x, middle));
    store(third + i, _mm512_and_si512(y, low), _mm512_and_si512(y, middle));
    store(2 * third + i, _mm512_srli_epi64(x, 43), _mm512_srli_epi64(y, 43));
  }
}

}  // namespace heflow::avx512ifma

namespace heflow {

const RandomKernels kAvx512IfmaRandomKernels = {16, &avx512ifma::chacha20, &avx512ifma::cut_below, &avx512ifma::ternary,
                                                &avx512ifma::centred_binomial21};

}  // namespace heflow
