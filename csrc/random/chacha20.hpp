// The ChaCha20 key stream on the fastest code that this CPU runs; all give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow {

// `blocks` blocks of 64 bytes from block `counter` on, under a 32-byte key and nonce.
void chacha20(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
              std::size_t blocks) noexcept;

}  // namespace heflow
