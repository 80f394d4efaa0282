// Natural numbers on the host, for what is done once per key: constants of a modulus. Slow and obvious;
// loops run over lengths only, so that secret moduli may pass through, and the memory is wiped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "../base/wipe.hpp"

namespace heflow::bigint {

template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) noexcept {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T))); }
  void deallocate(T* p, std::size_t n) noexcept {
    wipe(p, n * sizeof(T));
    ::operator delete(p);
  }
  bool operator==(const WipingAllocator&) const noexcept { return true; }
  bool operator!=(const WipingAllocator&) const noexcept { return false; }
};

// 64-bit words, least significant first; leading zeros are allowed.
using Natural = std::vector<std::uint64_t, WipingAllocator<std::uint64_t>>;

Natural natural_from_bytes(const std::uint8_t* bytes, std::size_t count);
std::size_t bit_length(const Natural& x);
bool is_zero(const Natural& x);
bool less(const Natural& a, const Natural& b);
Natural multiply(const Natural& a, const Natural& b);

struct QuotientRemainder {
  Natural quotient, remainder;
};
QuotientRemainder divide(const Natural& x, const Natural& n);  // n != 0
Natural subtract(const Natural& a, const Natural& b);          // a >= b

// x 2^power mod n for odd n and x < n; negative powers halve.
Natural times_power_of_two(Natural x, long power, const Natural& n);

// Limbs of `radix_bits` bits, least significant first.
void to_limbs(std::uint64_t* limbs, std::size_t count, unsigned radix_bits, const Natural& x);

}  // namespace heflow::bigint
