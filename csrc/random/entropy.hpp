// Randomness from the operating system, and from nothing else.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow {

// getrandom(2), or getentropy on macOS. Interrupted calls are repeated, short ones continued; anything else is
// Error(entropy). There is no other source to fall back to.
void fill_entropy(std::uint8_t* out, std::size_t bytes);

const char* entropy_source() noexcept;

}  // namespace heflow
