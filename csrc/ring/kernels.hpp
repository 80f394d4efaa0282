// The table of functions that every backend fills in: arithmetic on polynomials of Z_p[X]/(X^N + 1), p prime,
// p = 1 mod 2N, p < 2^50, N = 2^10 .. 2^16.
//
// A limb is N residues modulo one prime. In coefficient order it lists a_0 .. a_{N-1}; in NTT order it lists
// values at odd powers of a 2N-th root of unity, in the order of docs/maths/ntt.md, the same for every backend.
// R = 2^radix_bits, or 1 with real roots. A *prepared* limb holds a R mod p: products with it need one reduction.
// "lazy" means a word whose low radix_bits bits are some representative; everything else is canonical, below p.
// Kernels own nothing, check nothing, never throw, and take no branch that depends on residues. The result may
// alias any argument of the same length, and pointers are 64-byte aligned. n is a multiple of 64.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow::ring {

using Word = std::uint64_t;

inline constexpr unsigned kMinLogDegree = 10, kMaxLogDegree = 16;
inline constexpr unsigned kMaxPrimeBits = 50;
inline constexpr std::size_t kMaxPrimes = 64;

// A prime with what one backend reads beside it.
struct Modulus {
  Word p;
  Word inverse;   // 1/p mod R
  Word square;    // R^2 mod p
  Word quotient;  // floor(R / p)
  unsigned bits;  // of p
};

// A constant factor w < p with floor(w R / p) (Shoup).
struct Factor {
  Word value, quotient;
};

// Roots of unity of one prime and degree; entry k of a tree is root^bit_reversed(k), as a Factor.
struct NttTable {
  Modulus modulus;
  unsigned log_degree;
  bool uncorrected;          // no value on the way of a transform exceeds R without corrections
  const Factor* forward;     // N entries
  const Factor* inverse;     // N entries, of the inverse root
  const Word* forward_tail;  // N / 64 blocks of 7 pairs of 8 values and 8 quotients: the last three stages
  const Word* inverse_tail;
  Factor degree_inverse;  // 1/N
  Factor last;            // inverse[1] / N
};

// Roots for the embedding: the same tree over complex numbers, of N / 2 entries.
struct FftTable {
  unsigned log_degree;  // of the ring, N
  const double* real;
  const double* imaginary;
  const double* tail;  // N / 128 blocks of 7 pairs of 8 real and 8 imaginary parts
};

// The balanced representatives of a limb, in coefficient order, times a constant modulo the prime of the table.
struct Term {
  const Word* limb;
  const Modulus* modulus;  // of the limb
  Factor weight;
};

// What a division of NTT values takes away before it, the transform of a sum of terms; then everything times `inverse`.
struct Division {
  const Term* terms;
  std::size_t count;
  Factor factor;   // of what is added
  Factor inverse;  // of the divisor
};

// Transforms together with the loops before or after them, which then cost no visit to memory. A backend may leave them
// out: ring/fused.hpp puts them together from the rest. Limbs are those of one prime, that of the table. Results alias
// nothing but arguments that say so.
struct FusedKernels {
  // Transforms, lazy: of small integers, and of the sum of 1 to 64 terms.
  void (*forward_int8)(Word* r, const std::int8_t* a, const NttTable& table) noexcept;
  void (*forward_terms)(Word* r, const Term* terms, std::size_t count, const NttTable& table) noexcept;
  // transform(w a + c) + u prepared; a (or null) integral below 2^50 in size, c (or null) as from_doubles, or if `wide` as
  // from_wide_doubles takes it; u lazy
  void (*forward_join)(Word* r, const double* a, const Factor& w, const double* c, bool wide, const Word* u,
                       const Word* prepared, const NttTable& table) noexcept;
  // (a + factor d - transform of the terms) inverse; d may be null
  void (*forward_divide)(Word* r, const Word* a, const Word* d, const Division& division, const NttTable& table) noexcept;
  // The inverse transform of a prepared + c, or of a alone if `prepared` is null; a lazy, c may be null. r may be a.
  void (*inverse_product)(Word* r, const Word* a, const Word* prepared, const Word* c, const NttTable& table) noexcept;
  // The balanced representatives of a + e, less e.
  void (*remainders)(double* r, const Word* a, const std::int8_t* e, std::size_t n, const Modulus& m) noexcept;
  // round(a scale), ties to even, plus e, which may be null. r may be a.
  void (*round_scaled)(double* r, const double* a, double scale, const std::int8_t* e, std::size_t n) noexcept;
};

struct Kernels {
  const char* name;
  unsigned radix_bits;

  // In place. Arguments < 2p; results < p, of forward_lazy lazy.
  void (*forward)(Word* a, const NttTable& table) noexcept;
  void (*forward_lazy)(Word* a, const NttTable& table) noexcept;
  void (*inverse)(Word* a, const NttTable& table) noexcept;

  void (*add)(Word* r, const Word* a, const Word* b, std::size_t n, const Modulus& m) noexcept;
  void (*subtract)(Word* r, const Word* a, const Word* b, std::size_t n, const Modulus& m) noexcept;
  void (*negate)(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept;
  void (*reduce)(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept;                          // a lazy
  void (*prepare)(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept;                         // a R, a lazy
  void (*multiply)(Word* r, const Word* a, const Word* prepared, std::size_t n, const Modulus& m) noexcept;  // a lazy
  // a b + c, a lazy
  void (*multiply_add)(Word* r, const Word* a, const Word* prepared, const Word* c, std::size_t n, const Modulus& m) noexcept;
  void (*scale)(Word* r, const Word* a, const Factor& w, std::size_t n, const Modulus& m) noexcept;  // w a, a lazy
  void (*scale_add)(Word* r, const Word* a, const Factor& w, const Word* c, std::size_t n,
                    const Modulus& m) noexcept;  // w a + c
  // (a - b) w + c; c may be null
  void (*difference_scale)(Word* r, const Word* a, const Word* b, const Factor& w, const Word* c, std::size_t n,
                           const Modulus& m) noexcept;
  // (x0 + x1 s)(y0 + y1 s) = d0 + d1 s + d2 s^2
  void (*tensor)(Word* d0, Word* d1, Word* d2, const Word* x0, const Word* x1, const Word* y0, const Word* y1, std::size_t n,
                 const Modulus& m) noexcept;
  // r0 = sum digits[i] keys0[i], r1 = sum digits[i] keys1[i]; digits < 2p or of forward_lazy, keys prepared, count <= 64
  void (*inner_products)(Word* r0, Word* r1, const Word* const* digits, const Word* const* keys0, const Word* const* keys1,
                         std::size_t count, std::size_t n, const Modulus& m) noexcept;
  // The residue of the balanced representative of a (mod `from`) modulo `to`.
  void (*switch_modulus)(Word* r, const Word* a, std::size_t n, const Modulus& from, const Modulus& to) noexcept;
  void (*from_int8)(Word* r, const std::int8_t* a, std::size_t n, const Modulus& m) noexcept;
  // Integral doubles below 2^50, or (wide) below 2^98 in size.
  void (*from_doubles)(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept;
  void (*from_wide_doubles)(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept;
  void (*to_doubles)(double* r, const Word* a, std::size_t n, const Modulus& m) noexcept;  // balanced
  // r[i] = a[positions[i]], the positions of an automorphism (docs/maths/ntt.md); no aliasing
  void (*permute)(Word* r, const Word* a, const std::uint32_t* positions, std::size_t n) noexcept;

  // The transform behind the embedding, in place, on N / 2 complex numbers; the inverse is not divided by N / 2.
  void (*fft_forward)(double* real, double* imaginary, const FftTable& table) noexcept;
  void (*fft_inverse)(double* real, double* imaginary, const FftTable& table) noexcept;

  const FusedKernels* fused;  // or null
  bool real_roots = false;    // factors in trees and tails are doubles: w, balanced, and w / p
};

extern const Kernels kPortableKernels;
#if defined(HEFLOW_HAVE_AVX2)
extern const Kernels kAvx2Kernels;
#endif
#if defined(HEFLOW_HAVE_AVX512IFMA)
extern const Kernels kAvx512IfmaKernels;
#endif

}  // namespace heflow::ring
