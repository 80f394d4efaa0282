#include "envelope.hpp"

#include <cstring>

#include "../base/bytes.hpp"
#include "../base/error.hpp"
#include "checksum.hpp"

namespace heflow {
namespace {

constexpr char kMagic[4] = {'H', 'E', 'F', 'L'};
constexpr std::size_t kFixed = 36;  // up to the header
constexpr std::size_t kChecksum = 8;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::format, message); }

}  // namespace

std::size_t sealed_bytes(std::size_t header, std::size_t payload) noexcept { return kFixed + header + payload + kChecksum; }

std::uint8_t* begin(std::uint8_t* out, std::uint8_t kind, std::uint8_t scheme, Span key_id, Span header, std::size_t payload) {
  if (key_id.size != kKeyIdBytes) refuse("a key id has 16 bytes, not " + std::to_string(key_id.size));
  if (header.size > 0xffffffff) refuse("the header is longer than 4 GiB");
  std::memcpy(out, kMagic, 4);
  out[4] = kFormatVersion & 0xff, out[5] = kFormatVersion >> 8;
  out[6] = kind, out[7] = scheme;
  std::memcpy(out + 8, key_id.data, kKeyIdBytes);
  store32_le(out + 24, static_cast<std::uint32_t>(header.size));
  store64_le(out + 28, payload);
  if (header.size > 0) std::memcpy(out + kFixed, header.data, header.size);
  return out + kFixed + header.size;
}

void finish(std::uint8_t* out, std::size_t header, std::size_t payload) noexcept {
  const std::size_t covered = kFixed + header + payload;
  store64_le(out + covered, checksum(out, covered));
}

void seal(std::uint8_t* out, std::uint8_t kind, std::uint8_t scheme, Span key_id, Span header, Span payload) {
  std::uint8_t* to = begin(out, kind, scheme, key_id, header, payload.size);
  if (payload.size > 0) std::memcpy(to, payload.data, payload.size);
  finish(out, header.size, payload.size);
}

Envelope open(Span sealed) {
  const std::uint8_t* p = sealed.data;
  if (sealed.size < 4 || std::memcmp(p, kMagic, 4) != 0)
    refuse("these bytes were not written by heflow (they do not begin with 'HEFL')");
  if (sealed.size < kFixed + kChecksum) {
    refuse("the data ends after " + std::to_string(sealed.size) + " bytes; at least " + std::to_string(kFixed + kChecksum) +
           " are needed");
  }
  const unsigned version = p[4] | static_cast<unsigned>(p[5]) << 8;
  if (version != kFormatVersion) {
    refuse("format version " + std::to_string(version) +
           " is not known here (known: 1): a newer heflow wrote it, or it is damaged");
  }
  const std::uint64_t header = load32_le(p + 24), payload = load64_le(p + 28), room = sealed.size - kFixed - kChecksum;
  if (header > room || payload > room - header) {
    refuse("the data is truncated: it claims " + std::to_string(header) + " + " + std::to_string(payload) +
           " bytes and holds " + std::to_string(room));
  }
  if (header + payload != room) refuse(std::to_string(room - header - payload) + " bytes follow the end of the data");
  const std::size_t covered = sealed.size - kChecksum;
  if (checksum(p, covered) != load64_le(p + covered)) refuse("the checksum does not match: the data is damaged");
  return {p[6],
          p[7],
          {p + 8, kKeyIdBytes},
          {p + kFixed, static_cast<std::size_t>(header)},
          {p + kFixed + header, static_cast<std::size_t>(payload)}};
}

}  // namespace heflow
