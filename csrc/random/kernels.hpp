// The table of functions behind streams and samplers. All give the same bytes; kernels own nothing, check nothing, never
// throw; constant time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow {

struct RandomKernels {
  // ChaCha20 (Bernstein 2008; RFC 8439, section 2.3) with a 64-bit counter and nonce: `blocks` blocks of 64 bytes, a
  // multiple of `group`, from block `counter` on, under a key of 32 bytes.
  std::size_t group;
  void (*chacha20)(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
                   std::size_t blocks) noexcept;
  // Cuts words to a mask in place; true if all are then below p. count a multiple of 8.
  bool (*cut_below)(std::uint64_t* words, std::size_t count, std::uint64_t mask, std::uint64_t p) noexcept;
  // Pairs of bits in order, less 1, without those that are 3: how many were kept. `out` has room for 16 bytes more than
  // 4 * count; count a multiple of 8. Only what is skipped shows.
  std::size_t (*ternary)(std::int8_t* out, const std::uint8_t* bytes, std::size_t count) noexcept;
  // 3 third samples from 2 third words of 64 bits, 42 bits each: bits 0..20 of a word count for, 21..41 against; and the
  // 21 bits that are left of word i of the first half for, those of the second half against. third a multiple of 8.
  void (*centred_binomial21)(std::int8_t* out, const std::uint64_t* words, std::size_t third) noexcept;
};

extern const RandomKernels kPortableRandomKernels;
#if defined(HEFLOW_HAVE_AVX2)
extern const RandomKernels kAvx2RandomKernels;
#endif
#if defined(HEFLOW_HAVE_AVX512IFMA)
extern const RandomKernels kAvx512IfmaRandomKernels;
#endif

}  // namespace heflow
