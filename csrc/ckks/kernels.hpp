// The loops around exact sums: real numbers to fields of coefficients, coefficients to bits and back.
// Kernels own nothing, check nothing, never throw; time depends on lengths only. Arrays of words are 64-byte aligned,
// n is a multiple of 8, and no byte beyond what is described is read or written.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow::ckks {

// How real numbers become integers 0 .. largest: round((clamp(x) + clip) scale), ties to even.
struct Quantiser {
  double clip, scale, largest;
};

// `count` integers in a word: number j at bit shift + j bits. shift + count bits <= 50.
struct Fields {
  unsigned count, bits, shift;
};

// Values beyond the clip range, and those that are not finite.
struct Counts {
  std::uint64_t clipped = 0, invalid = 0;
};

struct SumKernels {
  const char* name;
  // words[i] = the integers of x[i], x[n + i], ... in their fields; adds up what was clipped or not finite.
  void (*quantise_float)(std::uint64_t* words, const float* x, std::size_t n, const Fields& fields, const Quantiser& how,
                         Counts* counts);
  void (*quantise_double)(std::uint64_t* words, const double* x, std::size_t n, const Fields& fields, const Quantiser& how,
                          Counts* counts);
  // out[j n + i] = scale u + offset (rounded twice, to double), u = field j of words[i]; returns the largest u.
  double (*restore_float)(float* out, const std::uint64_t* words, std::size_t n, const Fields& fields, double scale,
                          double offset);
  double (*restore_double)(double* out, const std::uint64_t* words, std::size_t n, const Fields& fields, double scale,
                           double offset);
  // r[i] = (a[i] - b[i] + small[i] mod q + 2^(drop-1)) >> drop; a, b < q, |small| <= 21; drop 0 rounds nothing.
  // r may be a or b.
  void (*round_difference)(std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b, const std::int8_t* small,
                           std::size_t n, std::uint64_t q, unsigned drop);
  // n values of `width` bits without gaps, least significant bit first: n / 8 * width bytes. 8 <= width <= 57.
  void (*pack)(std::uint8_t* out, const std::uint64_t* values, std::size_t n, unsigned width);
  // total[i] += weight * (value i of such bytes); returns the largest value.
  std::uint64_t (*unpack_add)(std::uint64_t* total, const std::uint8_t* bits, std::size_t n, unsigned width,
                              std::uint64_t weight);
  void (*add_multiple)(std::uint64_t* total, const std::uint64_t* x, std::size_t n, std::uint64_t weight);
};

extern const SumKernels kPortableSumKernels;
#if defined(HEFLOW_HAVE_AVX2)
extern const SumKernels kAvx2SumKernels;
#endif
#if defined(HEFLOW_HAVE_AVX512IFMA)
extern const SumKernels kAvx512IfmaSumKernels;
#endif

}  // namespace heflow::ckks
