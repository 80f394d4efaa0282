#include "entropy.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "../base/error.hpp"

namespace heflow {
namespace {

#if defined(__linux__)
ssize_t draw(std::uint8_t* out, std::size_t bytes) { return getrandom(out, bytes, 0); }
#else
ssize_t draw(std::uint8_t* out, std::size_t bytes) {
  const std::size_t part = bytes < 256 ? bytes : 256;  // the most getentropy gives
  return getentropy(out, part) == 0 ? static_cast<ssize_t>(part) : -1;
}
#endif

}  // namespace

void fill_entropy(std::uint8_t* out, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t got = draw(out, bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw Error(ErrorKind::entropy, std::string("the operating system gave no randomness (") + std::strerror(errno) +
                                          "); nothing was encrypted, and there is no other source to use");
    }
    out += got;
    bytes -= static_cast<std::size_t>(got);
  }
}

const char* entropy_source() noexcept {
#if defined(__linux__)
  return "getrandom(2)";
#else
  return "getentropy(2)";
#endif
}

}  // namespace heflow
