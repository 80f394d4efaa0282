// The key stream, many blocks at once. Kernels own nothing and check nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow {

// ChaCha20 (Bernstein 2008; RFC 8439, section 2.3) with a 64-bit counter and nonce: `blocks` blocks of 64 bytes from
// block `counter` on, under a key of 32 bytes. Constant time.
void chacha20_portable(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
                       std::size_t blocks) noexcept;
#if defined(HEFLOW_HAVE_AVX512IFMA)
// Whole groups of 16 blocks only.
void chacha20_avx512(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
                     std::size_t blocks) noexcept;
// Cuts words to a mask in place; true if all are then below p. count a multiple of 8.
bool cut_below_avx512(std::uint64_t* words, std::size_t count, std::uint64_t mask, std::uint64_t p) noexcept;
// Pairs of bits in order, less 1, without those that are 3: how many were kept. `out` has room for 16
// bytes more than 4 * count; count a multiple of 4.
std::size_t ternary_avx512(std::int8_t* out, const std::uint8_t* bytes, std::size_t count) noexcept;
// As centred_binomial21_words in samplers.cpp. Needs VPOPCNTDQ.
void centred_binomial21_avx512(std::int8_t* out, const std::uint64_t* words, std::size_t third) noexcept;
#endif

}  // namespace heflow
