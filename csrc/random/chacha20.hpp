// The ChaCha20 block function (Bernstein 2008; RFC 8439, section 2.3) with a 64-bit counter and nonce.
#pragma once

#include <cstdint>

namespace heflow {

// 64 bytes of key stream: block `counter` under a 32-byte key and nonce.
void chacha20_block(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter) noexcept;

}  // namespace heflow
