// The envelope round everything that is stored or sent (docs/formats.md):
//   "HEFL" | u16 version | u8 kind | u8 scheme | key id (16) | u32 header length | u64 payload length |
//   header | payload | u64 CRC-64/XZ of all before.  Little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace heflow {

inline constexpr std::size_t kKeyIdBytes = 16;
inline constexpr std::uint16_t kFormatVersion = 1;

struct Span {
  const std::uint8_t* data;
  std::size_t size;
};

struct Envelope {
  std::uint8_t kind, scheme;
  Span key_id, header, payload;  // into the sealed bytes
};

std::size_t sealed_bytes(std::size_t header, std::size_t payload) noexcept;
// `out` has sealed_bytes(...) bytes. In two steps: everything before the payload, which goes where `begin` says; then
// the checksum.
std::uint8_t* begin(std::uint8_t* out, std::uint8_t kind, std::uint8_t scheme, Span key_id, Span header, std::size_t payload);
void finish(std::uint8_t* out, std::size_t header, std::size_t payload) noexcept;
void seal(std::uint8_t* out, std::uint8_t kind, std::uint8_t scheme, Span key_id, Span header, Span payload);
// Checks everything before any length is believed; Error(format) says what is wrong.
Envelope open(Span sealed);

}  // namespace heflow
