#include "wire.hpp"

#include <cstring>

#include "../base/bytes.hpp"
#include "../base/error.hpp"

namespace heflow::ckks {
namespace {

std::size_t residue_bytes(const Context& context, std::size_t prime) { return (context.modulus(prime).bits + 7) / 8; }

}  // namespace

std::size_t polynomial_bytes(const Context& context, std::size_t primes) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < primes; ++i) bytes += residue_bytes(context, i) * context.degree();
  return bytes;
}

void write_limb(std::uint8_t*& out, const Word* limb, const Context& context, std::size_t prime) {
  const std::size_t bytes = residue_bytes(context, prime);
  for (std::size_t i = 0; i < context.degree(); ++i, out += bytes) {
    std::uint8_t word[8];
    store64_le(word, limb[i]);
    std::memcpy(out, word, bytes);
  }
}

void read_limb(Word* limb, const std::uint8_t*& in, const Context& context, std::size_t prime) {
  const std::size_t bytes = residue_bytes(context, prime);
  const Word p = context.modulus(prime).p;
  Word largest = 0;
  for (std::size_t i = 0; i < context.degree(); ++i, in += bytes) {
    std::uint8_t word[8] = {};
    std::memcpy(word, in, bytes);
    limb[i] = load64_le(word);
    if (limb[i] > largest) largest = limb[i];
  }
  if (largest >= p) throw Error(ErrorKind::format, "a residue is not below its prime: the bytes are damaged");
}

void write_key(std::uint8_t*& out, const Limbs& b, std::size_t first, std::size_t primes, const Context& context) {
  Buffer limb(context.degree());
  for (std::size_t i = 0; i < primes; ++i) {
    unprepare(limb.data(), b[first + i], i, context);
    write_limb(out, limb.data(), context, i);
  }
}

void read_key(Limbs& b, Limbs& a, const std::uint8_t*& in, const SeedBytes& seed, std::uint64_t polynomial, std::size_t first,
              std::size_t primes, const Context& context) {
  const Seed from = seed_of(seed);
  for (std::size_t i = 0; i < primes; ++i) {
    read_limb(b[first + i], in, context, i);
    prepare(b[first + i], i, context);
    expand_uniform(a[first + i], from, polynomial, i, context);
    prepare(a[first + i], i, context);
  }
}

}  // namespace heflow::ckks
