#pragma once

#include "stream.hpp"

namespace heflow {

// Uniform in [0, 2^bits), in `words` words.
void uniform_bits(Stream& stream, std::uint64_t* out, std::size_t words, std::size_t bits) noexcept;

// Uniform in [0, bound), by rejection: at most one draw in two is wasted, and only their number shows.
void uniform_below(Stream& stream, std::uint64_t* out, const std::uint64_t* bound, std::size_t words) noexcept;

}  // namespace heflow
