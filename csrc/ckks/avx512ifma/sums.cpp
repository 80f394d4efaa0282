// Eight coefficients at a time. Bits go to bytes and back by byte permutations: a value moved to the bit where it
// starts within a byte lies in at most eight bytes, and values two apart share none.
#include "../../base/simd.hpp"
#include "../kernels.hpp"

namespace heflow::ckks {
namespace {

using Word = std::uint64_t;
using Vec = __m512i;
using Reals = __m512d;

constexpr std::size_t kRegister = 64;  // bytes

HEFLOW_INLINE Vec broadcast(Word x) { return _mm512_set1_epi64(static_cast<long long>(x)); }
HEFLOW_INLINE __m128i shift_count(unsigned n) { return _mm_cvtsi64_si128(static_cast<long long>(n)); }
HEFLOW_INLINE Reals load(const float* x) { return _mm512_cvtps_pd(_mm256_loadu_ps(x)); }
HEFLOW_INLINE Reals load(const double* x) { return _mm512_loadu_pd(x); }
HEFLOW_INLINE void store(float* to, Reals x) { _mm256_storeu_ps(to, _mm512_cvtpd_ps(x)); }
HEFLOW_INLINE void store(double* to, Reals x) { _mm512_storeu_pd(to, x); }
HEFLOW_INLINE Vec counted(Vec counter, __mmask8 which) {
  return _mm512_mask_add_epi64(counter, which, counter, _mm512_set1_epi64(1));
}

template <class Real, int kFields>
HEFLOW_INLINE void quantise(Word* words, const Real* x, std::size_t n, const Fields& fields, const Quantiser& how,
                            Counts* counts) {
  constexpr int kNotFinite = 0x99;  // quiet and signalling NaN, both infinities
  constexpr int kNearerZero = 2;    // of two sizes, the smaller, with the sign of the first
  const int count = kFields > 0 ? kFields : static_cast<int>(fields.count);
  const Reals clip = _mm512_set1_pd(how.clip), scale = _mm512_set1_pd(how.scale);
  const __m128i shift = shift_count(fields.shift);
  Vec beyond = _mm512_setzero_si512(), bad = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += 8) {
    Vec word = _mm512_setzero_si512();
    for (int field = 0; field < count; ++field) {
      const Reals v = load(x + static_cast<std::size_t>(field) * n + i);
      bad = counted(bad, _mm512_fpclass_pd_mask(v, kNotFinite));
      beyond = counted(beyond, _mm512_cmp_pd_mask(_mm512_abs_pd(v), clip, _CMP_GT_OQ));
      const Reals c = _mm512_range_pd(v, clip, kNearerZero);
      const Vec u = _mm512_cvtpd_epu64(_mm512_mul_pd(_mm512_add_pd(c, clip), scale));
      word = _mm512_or_si512(word, _mm512_sll_epi64(u, shift_count(static_cast<unsigned>(field) * fields.bits)));
    }
    _mm512_store_si512(words + i, _mm512_sll_epi64(word, shift));
  }
  counts->clipped += static_cast<Word>(_mm512_reduce_add_epi64(beyond));
  counts->invalid += static_cast<Word>(_mm512_reduce_add_epi64(bad));
}

template <class Real>
HEFLOW_INLINE void quantise_any(Word* words, const Real* x, std::size_t n, const Fields& fields, const Quantiser& how,
                                Counts* counts) {
  if (fields.count == 2) return quantise<Real, 2>(words, x, n, fields, how, counts);
  quantise<Real, 0>(words, x, n, fields, how, counts);
}

void quantise_float(Word* words, const float* x, std::size_t n, const Fields& fields, const Quantiser& how, Counts* counts) {
  quantise_any(words, x, n, fields, how, counts);
}

void quantise_double(Word* words, const double* x, std::size_t n, const Fields& fields, const Quantiser& how, Counts* counts) {
  quantise_any(words, x, n, fields, how, counts);
}

template <class Real>
HEFLOW_INLINE double restore(Real* out, const Word* words, std::size_t n, const Fields& fields, double scale, double offset) {
  const Vec mask = broadcast((Word{1} << fields.bits) - 1);
  const Reals factor = _mm512_set1_pd(scale), addend = _mm512_set1_pd(offset);
  Vec largest = _mm512_setzero_si512();
  for (unsigned field = 0; field < fields.count; ++field) {
    const __m128i shift = shift_count(fields.shift + field * fields.bits);
    Real* to = out + field * n;
    for (std::size_t i = 0; i < n; i += 8) {
      const Vec u = _mm512_and_si512(_mm512_srl_epi64(_mm512_load_si512(words + i), shift), mask);
      largest = _mm512_max_epu64(largest, u);
      store(to + i, _mm512_add_pd(_mm512_mul_pd(_mm512_cvtepu64_pd(u), factor), addend));
    }
  }
  return static_cast<double>(_mm512_reduce_max_epu64(largest));
}

double restore_float(float* out, const Word* words, std::size_t n, const Fields& fields, double scale, double offset) {
  return restore(out, words, n, fields, scale, offset);
}

double restore_double(double* out, const Word* words, std::size_t n, const Fields& fields, double scale, double offset) {
  return restore(out, words, n, fields, scale, offset);
}

HEFLOW_INLINE Vec correct(Vec x, Vec q) { return _mm512_min_epu64(x, _mm512_sub_epi64(x, q)); }

void round_difference(Word* r, const Word* a, const Word* b, const std::int8_t* small, std::size_t n, Word q, unsigned drop) {
  const Vec modulus = broadcast(q), half = broadcast(drop == 0 ? 0 : Word{1} << (drop - 1));
  const __m128i by = shift_count(drop);
  for (std::size_t i = 0; i < n; i += 8) {
    const Vec e = _mm512_cvtepi8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(small + i)));
    // Each of the two sums is in -q .. q: negative words are large, and adding q makes them small.
    Vec x = _mm512_sub_epi64(_mm512_load_si512(a + i), _mm512_load_si512(b + i));
    x = _mm512_add_epi64(_mm512_min_epu64(x, _mm512_add_epi64(x, modulus)), e);
    x = correct(_mm512_min_epu64(x, _mm512_add_epi64(x, modulus)), modulus);
    _mm512_store_si512(r + i, _mm512_srl_epi64(_mm512_add_epi64(x, half), by));
  }
}

// Values start at these bits within a byte.
HEFLOW_INLINE Vec bit_starts(unsigned width) {
  const long long w = width;
  return _mm512_and_si512(_mm512_set_epi64(7 * w, 6 * w, 5 * w, 4 * w, 3 * w, 2 * w, w, 0), _mm512_set1_epi64(7));
}

HEFLOW_INLINE __mmask64 first_bytes(std::size_t n) { return n >= kRegister ? ~__mmask64{0} : (__mmask64{1} << n) - 1; }

void pack(std::uint8_t* out, const Word* values, std::size_t n, unsigned width) {
  alignas(64) std::uint8_t sources[2][kRegister] = {};  // of each byte, among values of even and of odd number
  __mmask64 present[2] = {0, 0};
  for (unsigned value = 0; value < 8; ++value) {
    const unsigned first = value * width / 8, last = (value * width + width - 1) / 8;
    for (unsigned byte = first; byte <= last; ++byte)
      sources[value % 2][byte] = static_cast<std::uint8_t>(8 * value + byte - first);
    present[value % 2] |= first_bytes(last + 1) & ~first_bytes(first);
  }
  const Vec even = _mm512_load_si512(sources[0]), odd = _mm512_load_si512(sources[1]), starts = bit_starts(width);
  const std::uint8_t* end = out + n / 8 * width;
  for (std::size_t i = 0; i < n; i += 8, out += width) {
    const Vec v = _mm512_sllv_epi64(_mm512_load_si512(values + i), starts);
    const Vec bytes =
        _mm512_or_si512(_mm512_maskz_permutexvar_epi8(present[0], even, v), _mm512_maskz_permutexvar_epi8(present[1], odd, v));
    if (static_cast<std::size_t>(end - out) >= kRegister) {
      _mm512_storeu_si512(out, bytes);
    } else {
      _mm512_mask_storeu_epi8(out, first_bytes(width), bytes);
    }
  }
}

Word unpack_add(Word* total, const std::uint8_t* bits, std::size_t n, unsigned width, Word weight) {
  const long long w = width;
  const Vec first = _mm512_srli_epi64(_mm512_set_epi64(7 * w, 6 * w, 5 * w, 4 * w, 3 * w, 2 * w, w, 0), 3);
  const Vec sources = _mm512_add_epi8(_mm512_shuffle_epi8(first, _mm512_set4_epi32(0x08080808, 0x08080808, 0, 0)),
                                      _mm512_set1_epi64(0x0706050403020100));
  const Vec starts = bit_starts(width), mask = broadcast((Word{1} << width) - 1), factor = broadcast(weight);
  const std::uint8_t* end = bits + n / 8 * width;
  Vec largest = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += 8, bits += width) {
    const Vec bytes = static_cast<std::size_t>(end - bits) >= kRegister ? _mm512_loadu_si512(bits)
                                                                        : _mm512_maskz_loadu_epi8(first_bytes(width), bits);
    const Vec x = _mm512_and_si512(_mm512_srlv_epi64(_mm512_permutexvar_epi8(sources, bytes), starts), mask);
    largest = _mm512_max_epu64(largest, x);
    const Vec scaled = weight == 1 ? x : _mm512_mullo_epi64(x, factor);
    _mm512_store_si512(total + i, _mm512_add_epi64(_mm512_load_si512(total + i), scaled));
  }
  return static_cast<Word>(_mm512_reduce_max_epu64(largest));
}

void add_multiple(Word* total, const Word* x, std::size_t n, Word weight) {
  const Vec factor = broadcast(weight);
  for (std::size_t i = 0; i < n; i += 8) {
    const Vec v = _mm512_load_si512(x + i), scaled = weight == 1 ? v : _mm512_mullo_epi64(v, factor);
    _mm512_store_si512(total + i, _mm512_add_epi64(_mm512_load_si512(total + i), scaled));
  }
}

}  // namespace

const SumKernels kAvx512IfmaSumKernels = {"avx512ifma",      &quantise_float, &quantise_double, &restore_float, &restore_double,
                                          &round_difference, &pack,           &unpack_add,      &add_multiple};

}  // namespace heflow::ckks
