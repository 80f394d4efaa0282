#pragma once

#include <cstddef>

namespace heflow {

// Overwrite with zeros in a way that the compiler may not leave out.
void wipe(void* memory, std::size_t bytes) noexcept;

}  // namespace heflow
