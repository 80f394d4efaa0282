#pragma once

#include "stream.hpp"

namespace heflow {

// Uniform in [0, 2^bits), in `words` words.
void uniform_bits(Stream& stream, std::uint64_t* out, std::size_t words, std::size_t bits) noexcept;

// Uniform in [0, bound), by rejection: at most one draw in two is wasted, and only their number shows.
void uniform_below(Stream& stream, std::uint64_t* out, const std::uint64_t* bound, std::size_t words) noexcept;

// Uniform below p: words in order, cut to the bits of p; those not below p are skipped.
void uniform_residues(Stream& stream, std::uint64_t* out, std::size_t count, std::uint64_t p) noexcept;

// Uniform in {-1, 0, 1}: pairs of bits in order, 3 skipped; only how many are skipped shows.
void uniform_ternary(Stream& stream, std::int8_t* out, std::size_t count) noexcept;

// Centred binomial: the difference of two sums of 21 bits, variance 10.5; constant time.
void centred_binomial21(Stream& stream, std::int8_t* out, std::size_t count) noexcept;

}  // namespace heflow
