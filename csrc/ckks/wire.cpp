#include "wire.hpp"

#include <algorithm>

#include "../base/bytes.hpp"
#include "../base/error.hpp"

namespace heflow::ckks {
namespace {

constexpr std::size_t kWordBytes = 8;  // and no limb has fewer residues

std::size_t residue_bytes(const Context& context, std::size_t prime) { return (context.modulus(prime).bits + 7) / 8; }

}  // namespace

std::size_t polynomial_bytes(const Context& context, std::size_t primes) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < primes; ++i) bytes += residue_bytes(context, i) * context.degree();
  return bytes;
}

void write_limb(std::uint8_t*& out, const Word* limb, const Context& context, std::size_t prime) {
  const std::size_t bytes = residue_bytes(context, prime), whole = context.degree() - kWordBytes;
  // Whole words, each over the zeros of the one before; the last ones would reach beyond the limb.
  for (std::size_t i = 0; i < whole; ++i, out += bytes) store64_le(out, limb[i]);
  for (std::size_t i = whole; i < context.degree(); ++i, out += bytes) write_words(out, bytes, limb + i);
}

void read_limb(Word* limb, const std::uint8_t*& in, const Context& context, std::size_t prime) {
  const std::size_t bytes = residue_bytes(context, prime);
  const Word p = context.modulus(prime).p;
  const Word mask = ~Word{0} >> (64 - 8 * bytes);
  const std::size_t whole = context.degree() - kWordBytes;
  for (std::size_t i = 0; i < whole; ++i, in += bytes) limb[i] = load64_le(in) & mask;
  for (std::size_t i = whole; i < context.degree(); ++i, in += bytes) read_words(limb + i, 1, in, bytes);
  Word largest = 0;
  for (std::size_t i = 0; i < context.degree(); ++i) largest = std::max(largest, limb[i]);
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
