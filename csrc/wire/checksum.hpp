#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow {

// CRC-64/XZ (ECMA-182, reflected). It finds accidents, not attackers: contents are checked besides.
// `crc` continues an earlier call.
std::uint64_t checksum(const std::uint8_t* data, std::size_t bytes, std::uint64_t crc = 0) noexcept;

}  // namespace heflow
