// Four coefficients at a time. Two values side by side fill less than sixteen bytes, which one byte shuffle puts
// together or takes apart.
#include "../../base/simd.hpp"
#include "../kernels.hpp"

namespace heflow::ckks {
namespace {

using Word = std::uint64_t;
using Vec = __m256i;
using Half = __m128i;
using Reals = __m256d;

constexpr std::size_t kHalfBytes = 16;

HEFLOW_INLINE Vec broadcast(Word x) { return _mm256_set1_epi64x(static_cast<long long>(x)); }
HEFLOW_INLINE Half shift_count(unsigned n) { return _mm_cvtsi64_si128(static_cast<long long>(n)); }
HEFLOW_INLINE Vec load(const Word* p) { return _mm256_load_si256(reinterpret_cast<const Vec*>(p)); }
HEFLOW_INLINE void store(Word* p, Vec x) { _mm256_store_si256(reinterpret_cast<Vec*>(p), x); }
HEFLOW_INLINE Reals load(const float* x) { return _mm256_cvtps_pd(_mm_loadu_ps(x)); }
HEFLOW_INLINE Reals load(const double* x) { return _mm256_loadu_pd(x); }
HEFLOW_INLINE void store(float* to, Reals x) { _mm_storeu_ps(to, _mm256_cvtpd_ps(x)); }
HEFLOW_INLINE void store(double* to, Reals x) { _mm256_storeu_pd(to, x); }
HEFLOW_INLINE Vec counted(Vec counter, Reals which) { return _mm256_sub_epi64(counter, _mm256_castpd_si256(which)); }

// a where x is negative, else b
HEFLOW_INLINE Vec where_negative(Vec x, Vec a, Vec b) {
  return _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(b), _mm256_castsi256_pd(a), _mm256_castsi256_pd(x)));
}

HEFLOW_INLINE Word sum(Vec x) {
  alignas(32) Word words[4];
  store(words, x);
  return words[0] + words[1] + words[2] + words[3];
}

// Of words below 2^63.
HEFLOW_INLINE Vec larger(Vec a, Vec b) { return where_negative(_mm256_sub_epi64(a, b), b, a); }
HEFLOW_INLINE Word largest_of(Vec x) {
  alignas(32) Word words[4];
  store(words, x);
  Word largest = 0;
  for (const Word word : words) largest = word > largest ? word : largest;
  return largest;
}

template <class Real>
HEFLOW_INLINE void quantise(Word* words, const Real* x, std::size_t n, const Fields& fields, const Quantiser& how,
                            Counts* counts) {
  const Reals clip = _mm256_set1_pd(how.clip), low = _mm256_set1_pd(-how.clip), scale = _mm256_set1_pd(how.scale);
  const Reals zero = _mm256_setzero_pd(), unit = _mm256_set1_pd(0x1p52);  // adding it rounds to integers, ties to even
  const Half shift = shift_count(fields.shift);
  Vec beyond = _mm256_setzero_si256(), bad = beyond;
  for (std::size_t i = 0; i < n; i += 4) {
    Vec word = _mm256_setzero_si256();
    for (unsigned field = 0; field < fields.count; ++field) {
      const Reals v = load(x + field * n + i);
      bad = counted(bad, _mm256_cmp_pd(_mm256_sub_pd(v, v), zero, _CMP_NEQ_UQ));
      beyond = counted(beyond, _mm256_or_pd(_mm256_cmp_pd(v, clip, _CMP_GT_OQ), _mm256_cmp_pd(v, low, _CMP_LT_OQ)));
      const Reals c = _mm256_max_pd(_mm256_min_pd(v, clip), low);  // NaN: clip
      const Reals rounded = _mm256_add_pd(_mm256_mul_pd(_mm256_add_pd(c, clip), scale), unit);
      const Vec u = _mm256_castpd_si256(_mm256_xor_pd(rounded, unit));
      word = _mm256_or_si256(word, _mm256_sll_epi64(u, shift_count(field * fields.bits)));
    }
    store(words + i, _mm256_sll_epi64(word, shift));
  }
  counts->clipped += sum(beyond), counts->invalid += sum(bad);
}

void quantise_float(Word* words, const float* x, std::size_t n, const Fields& fields, const Quantiser& how, Counts* counts) {
  quantise(words, x, n, fields, how, counts);
}

void quantise_double(Word* words, const double* x, std::size_t n, const Fields& fields, const Quantiser& how, Counts* counts) {
  quantise(words, x, n, fields, how, counts);
}

template <class Real>
HEFLOW_INLINE double restore(Real* out, const Word* words, std::size_t n, const Fields& fields, double scale, double offset) {
  const Vec mask = broadcast((Word{1} << fields.bits) - 1);
  const Reals factor = _mm256_set1_pd(scale), addend = _mm256_set1_pd(offset), unit = _mm256_set1_pd(0x1p52);
  Vec largest = _mm256_setzero_si256();
  for (unsigned field = 0; field < fields.count; ++field) {
    const Half shift = shift_count(fields.shift + field * fields.bits);
    Real* to = out + field * n;
    for (std::size_t i = 0; i < n; i += 4) {
      const Vec u = _mm256_and_si256(_mm256_srl_epi64(load(words + i), shift), mask);
      largest = larger(largest, u);
      const Reals value = _mm256_sub_pd(_mm256_or_pd(_mm256_castsi256_pd(u), unit), unit);
      store(to + i, _mm256_add_pd(_mm256_mul_pd(value, factor), addend));
    }
  }
  return static_cast<double>(largest_of(largest));
}

double restore_float(float* out, const Word* words, std::size_t n, const Fields& fields, double scale, double offset) {
  return restore(out, words, n, fields, scale, offset);
}

double restore_double(double* out, const Word* words, std::size_t n, const Fields& fields, double scale, double offset) {
  return restore(out, words, n, fields, scale, offset);
}

void round_difference(Word* r, const Word* a, const Word* b, const std::int8_t* small, std::size_t n, Word q, unsigned drop) {
  const Vec modulus = broadcast(q), half = broadcast(drop == 0 ? 0 : Word{1} << (drop - 1));
  const Half by = shift_count(drop);
  const auto positive = [&](Vec x) { return where_negative(x, _mm256_add_epi64(x, modulus), x); };
  for (std::size_t i = 0; i < n; i += 4) {
    std::int32_t four;
    __builtin_memcpy(&four, small + i, sizeof four);
    const Vec e = _mm256_cvtepi8_epi64(_mm_cvtsi32_si128(four));
    const Vec x = positive(_mm256_add_epi64(positive(_mm256_sub_epi64(load(a + i), load(b + i))), e));  // at most q + 20
    const Vec above = _mm256_sub_epi64(x, modulus);
    store(r + i, _mm256_srl_epi64(_mm256_add_epi64(where_negative(above, x, above), half), by));
  }
}

// How four values lie in the bytes of two halves, each of two values: a group of eight takes two of these.
struct Layout {
  Vec even, odd;   // where the bytes of each half come from, and (odd) of its second value
  Vec starts;      // of values, in bits from their first byte
  unsigned at[2];  // first byte of each half, within the group
};

// Values 4 q .. 4 q + 3 of a group.
Layout layout_of(unsigned q, unsigned width, bool packing) {
  alignas(32) std::uint8_t even[32], odd[32];
  alignas(32) Word starts[4];
  Layout layout;
  for (unsigned half = 0; half < 2; ++half) {
    const unsigned bit = (4 * q + 2 * half) * width, first = bit / 8, second = (bit + width) / 8 - first;
    layout.at[half] = first, starts[2 * half] = bit % 8, starts[2 * half + 1] = (bit + width) % 8;
    for (unsigned i = 0; i < kHalfBytes; ++i) {
      if (packing) {
        even[16 * half + i] = static_cast<std::uint8_t>(i < 8 ? i : 0x80);
        odd[16 * half + i] = static_cast<std::uint8_t>(i >= second && i < second + 8 ? 8 + i - second : 0x80);
      } else {
        even[16 * half + i] = static_cast<std::uint8_t>(i < 8 ? i : second + i - 8), odd[16 * half + i] = 0x80;
      }
    }
  }
  const auto vector = [](const void* p) { return _mm256_load_si256(static_cast<const Vec*>(p)); };
  layout.even = vector(even), layout.odd = vector(odd), layout.starts = vector(starts);
  return layout;
}

HEFLOW_INLINE void store_half(std::uint8_t* out, Half x) { _mm_storeu_si128(reinterpret_cast<Half*>(out), x); }

// Eight values; writes up to sixteen bytes too far.
HEFLOW_INLINE void pack_group(std::uint8_t* out, const Word* values, const Layout* layouts, const Half* shared) {
  Half before = _mm_setzero_si128();
#pragma GCC unroll 2
  for (int q = 0; q < 2; ++q) {
    const Layout& l = layouts[q];
    const Vec v = _mm256_sllv_epi64(load(values + 4 * q), l.starts);
    const Vec bytes = _mm256_or_si256(_mm256_shuffle_epi8(v, l.even), _mm256_shuffle_epi8(v, l.odd));
    // A half begins within the last byte of the one before.
    const Half first = _mm_or_si128(_mm256_castsi256_si128(bytes), before);
    const Half second = _mm_or_si128(_mm256_extracti128_si256(bytes, 1), _mm_shuffle_epi8(first, shared[2 * q]));
    store_half(out + l.at[0], first), store_half(out + l.at[1], second);
    before = _mm_shuffle_epi8(second, shared[2 * q + 1]);
  }
}

void pack(std::uint8_t* out, const Word* values, std::size_t n, unsigned width) {
  const Layout layouts[2] = {layout_of(0, width, true), layout_of(1, width, true)};
  Half shared[4];  // moves that last byte to the front
  for (unsigned half = 0; half < 4; ++half) {
    const unsigned last = 2 * (half + 1) * width / 8 - 2 * half * width / 8;
    shared[half] = _mm_insert_epi8(_mm_set1_epi8(-128), static_cast<int>(last), 0);
  }
  std::uint8_t* end = out + n / 8 * width;
  for (std::size_t i = 0; i < n; i += 8, out += width) {
    if (static_cast<std::size_t>(end - out) >= width + kHalfBytes) {
      pack_group(out, values + i, layouts, shared);
    } else {
      std::uint8_t group[64 + kHalfBytes];
      pack_group(group, values + i, layouts, shared);
      __builtin_memcpy(out, group, width);
    }
  }
}

HEFLOW_INLINE Half load_half(const std::uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const Half*>(p)); }

// The lower halves of products; the factor is the same for all.
struct Multiple {
  Vec low, high;
  explicit Multiple(Word weight) : low(broadcast(weight)), high(broadcast(weight >> 32)) {}
  __attribute__((always_inline)) Vec operator()(Vec x) const {
    const Vec cross = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(x, 32), low), _mm256_mul_epu32(x, high));
    return _mm256_add_epi64(_mm256_mul_epu32(x, low), _mm256_slli_epi64(cross, 32));
  }
};

template <bool One>
HEFLOW_INLINE void add_to(Word* total, Vec x, const Multiple& times) {
  store(total, _mm256_add_epi64(load(total), One ? x : times(x)));
}

template <bool One>
HEFLOW_INLINE Word unpack_add(Word* total, const std::uint8_t* bits, std::size_t n, unsigned width, const Multiple& times) {
  const Layout layouts[2] = {layout_of(0, width, false), layout_of(1, width, false)};
  const Vec mask = broadcast((Word{1} << width) - 1);
  const std::uint8_t* end = bits + n / 8 * width;
  std::uint8_t group[64 + kHalfBytes] = {};
  Vec largest = _mm256_setzero_si256();
  for (std::size_t i = 0; i < n; i += 8, bits += width) {
    const std::uint8_t* from = bits;
    if (static_cast<std::size_t>(end - bits) < width + kHalfBytes) __builtin_memcpy(group, bits, width), from = group;
#pragma GCC unroll 2
    for (unsigned q = 0; q < 2; ++q) {
      const Layout& l = layouts[q];
      const Vec halves =
          _mm256_inserti128_si256(_mm256_castsi128_si256(load_half(from + l.at[0])), load_half(from + l.at[1]), 1);
      const Vec x = _mm256_and_si256(_mm256_srlv_epi64(_mm256_shuffle_epi8(halves, l.even), l.starts), mask);
      largest = larger(largest, x);
      add_to<One>(total + i + 4 * q, x, times);
    }
  }
  return largest_of(largest);
}

Word unpack_add(Word* total, const std::uint8_t* bits, std::size_t n, unsigned width, Word weight) {
  const Multiple times(weight);
  return weight == 1 ? unpack_add<true>(total, bits, n, width, times) : unpack_add<false>(total, bits, n, width, times);
}

void add_multiple(Word* total, const Word* x, std::size_t n, Word weight) {
  const Multiple times(weight);
  if (weight == 1) {
    for (std::size_t i = 0; i < n; i += 4) add_to<true>(total + i, load(x + i), times);
  } else {
    for (std::size_t i = 0; i < n; i += 4) add_to<false>(total + i, load(x + i), times);
  }
}

}  // namespace

const SumKernels kAvx2SumKernels = {"avx2",         &quantise_float, &quantise_double,
                                    &restore_float, &restore_double, &round_difference,
                                    &pack,          &unpack_add,     &add_multiple};

}  // namespace heflow::ckks
