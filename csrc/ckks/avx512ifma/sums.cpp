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

namespace heflow::ckks {
namespace {

using Vec = __m512i;
using Reals = __m512d;

inline Reals load(const float* x) { return _mm512_cvtps_pd(_mm256_loadu_ps(x)); }
inline Reals load(const double* x) { return _mm512_loadu_pd(x); }

// n a multiple of 8: the caller pads the end.
template <class Real>
void quantise(std::uint64_t* fields, const Real* x, std::size_t n, unsigned shift, const Quantiser& how, std::uint64_t* clipped,
              std::uint64_t* invalid) {
  const Reals high = _mm512_set1_pd(how.clip), low = _mm512_set1_pd(-how.clip), scale = _mm512_set1_pd(how.scale);
  const __m128i by = _mm_cvtsi64_si128(static_cast<long long>(shift));
  std::uint64_t beyond = 0, bad = 0;
  for (std::size_t i = 0; i < n; i += 8) {
    const Reals v = load(x + i);
    bad += static_cast<unsigned>(__builtin_popcount(_mm512_cmp_pd_mask(_mm512_sub_pd(v, v), _mm512_setzero_pd(), _CMP_NEQ_UQ)));
    const __mmask8 outside = _mm512_cmp_pd_mask(v, high, _CMP_GT_OQ) | _mm512_cmp_pd_mask(v, low, _CMP_LT_OQ);
    beyond += static_cast<unsigned>(__builtin_popcount(outside));
    const Reals c = _mm512_max_pd(_mm512_min_pd(v, high), low);  // NaN: the second operand
    const Vec u = _mm512_cvtpd_epu64(_mm512_mul_pd(_mm512_add_pd(c, high), scale));
    _mm512_store_si512(fields + i, _mm512_or_si512(_mm512_load_si512(fields + i), _mm512_sll_epi64(u, by)));
  }
  *clipped += beyond, *invalid += bad;
}

void quantise_float(std::uint64_t* fields, const float* x, std::size_t n, unsigned shift, const Quantiser& how,
                    std::uint64_t* clipped, std::uint64_t* invalid) {
  quantise(fields, x, n, shift, how, clipped, invalid);
}

void quantise_double(std::uint64_t* fields, const double* x, std::size_t n, unsigned shift, const Quantiser& how,
                     std::uint64_t* clipped, std::uint64_t* invalid) {
  quantise(fields, x, n, shift, how, clipped, invalid);
}

inline Vec correct(Vec x, Vec q) { return _mm512_min_epu64(x, _mm512_sub_epi64(x, q)); }

void round_sum(std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b, const std::int8_t* small, std::size_t n,
               std::uint64_t q, unsigned drop) {
  const Vec modulus = _mm512_set1_epi64(static_cast<long long>(q));
  const Vec half = _mm512_set1_epi64(drop == 0 ? 0 : 1ll << (drop - 1));
  const __m128i by = _mm_cvtsi64_si128(static_cast<long long>(drop));
  for (std::size_t i = 0; i < n; i += 8) {
    const Vec e = _mm512_cvtepi8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(small + i)));
    Vec x = _mm512_add_epi64(_mm512_load_si512(a + i), _mm512_load_si512(b + i));
    x = _mm512_add_epi64(_mm512_add_epi64(x, modulus), e);
    x = correct(correct(correct(x, modulus), modulus), modulus);
    _mm512_store_si512(r + i, _mm512_srl_epi64(_mm512_add_epi64(x, half), by));
  }
}

// Eight fields are `width` bytes: one load, and four 16-bit words for each field. width <= 49
std::uint64_t accumulate_narrow(std::uint64_t* total, const std::uint8_t* bits, std::size_t n, unsigned width,
                                std::uint64_t weight) {
  const long long w = width;
  const Vec starts = _mm512_set_epi64(7 * w, 6 * w, 5 * w, 4 * w, 3 * w, 2 * w, w, 0);
  const Vec first = _mm512_srli_epi64(starts, 4), shifts = _mm512_and_si512(starts, _mm512_set1_epi64(15));
  const Vec words =
      _mm512_add_epi64(_mm512_mullo_epi64(first, _mm512_set1_epi64(0x0001000100010001)), _mm512_set1_epi64(0x0003000200010000));
  const Vec mask = _mm512_set1_epi64((1ll << width) - 1), factor = _mm512_set1_epi64(static_cast<long long>(weight));
  Vec largest = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += 8, bits += width) {
    const Vec fields = _mm512_permutexvar_epi16(words, _mm512_loadu_si512(bits));
    const Vec x = _mm512_and_si512(_mm512_srlv_epi64(fields, shifts), mask);
    largest = _mm512_max_epu64(largest, x);
    const Vec scaled = weight == 1 ? x : _mm512_mullo_epi64(x, factor);
    _mm512_store_si512(total + i, _mm512_add_epi64(_mm512_load_si512(total + i), scaled));
  }
  return static_cast<std::uint64_t>(_mm512_reduce_max_epu64(largest));
}

std::uint64_t accumulate(std::uint64_t* total, const std::uint8_t* bits, std::size_t n, unsigned width, std::uint64_t weight) {
  if (width <= 49) return accumulate_narrow(total, bits, n, width, weight);
  const long long w = width;
  const Vec starts = _mm512_set_epi64(7 * w, 6 * w, 5 * w, 4 * w, 3 * w, 2 * w, w, 0);
  const Vec offsets = _mm512_srli_epi64(starts, 3), shifts = _mm512_and_si512(starts, _mm512_set1_epi64(7));
  const Vec mask = _mm512_set1_epi64((1ll << width) - 1), factor = _mm512_set1_epi64(static_cast<long long>(weight));
  Vec largest = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += 8, bits += width) {
    const Vec x = _mm512_and_si512(_mm512_srlv_epi64(_mm512_i64gather_epi64(offsets, bits, 1), shifts), mask);
    largest = _mm512_max_epu64(largest, x);
    const Vec scaled = weight == 1 ? x : _mm512_mullo_epi64(x, factor);
    _mm512_store_si512(total + i, _mm512_add_epi64(_mm512_load_si512(total + i), scaled));
  }
  return static_cast<std::uint64_t>(_mm512_reduce_max_epu64(largest));
}

}  // namespace

const SumKernels kAvx512IfmaSumKernels = {"avx512ifma", &quantise_float, &quantise_double, &round_sum, &accumulate};

}  // namespace heflow::ckks
