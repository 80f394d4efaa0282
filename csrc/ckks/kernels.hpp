// The loops around exact sums: real numbers to fields of coefficients, coefficients to bits and back.
// Kernels own nothing, check nothing, never throw; time depends on lengths only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow::ckks {

// How real numbers become integers 0 .. largest: round((clamp(x) + clip) scale), ties to even.
struct Quantiser {
  double clip, scale, largest;
};

struct SumKernels {
  const char* name;
  // fields[i] |= u_i << shift. Adds up how many were beyond the clip range and how many are not finite.
  void (*quantise_float)(std::uint64_t* fields, const float* x, std::size_t n, unsigned shift, const Quantiser& how,
                         std::uint64_t* clipped, std::uint64_t* invalid);
  void (*quantise_double)(std::uint64_t* fields, const double* x, std::size_t n, unsigned shift, const Quantiser& how,
                          std::uint64_t* clipped, std::uint64_t* invalid);
  // r[i] = (a[i] + b[i] + small[i] mod q + 2^(drop-1)) >> drop; a, b < q; drop 0 rounds nothing. n a multiple of 8.
  void (*round_sum)(std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b, const std::int8_t* small, std::size_t n,
                    std::uint64_t q, unsigned drop);
  // total[i] += weight * (width bits of `bits` at i width); returns the largest of them. width <= 57; 63
  // bytes beyond the end are readable. n a multiple of 8.
  std::uint64_t (*accumulate)(std::uint64_t* total, const std::uint8_t* bits, std::size_t n, unsigned width,
                              std::uint64_t weight);
};

extern const SumKernels kPortableSumKernels;
#if defined(HEFLOW_HAVE_AVX512IFMA)
extern const SumKernels kAvx512IfmaSumKernels;
#endif

}  // namespace heflow::ckks
