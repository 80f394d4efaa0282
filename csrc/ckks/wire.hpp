// Residues as bytes: ceil(bits / 8) little-endian bytes each, limb by limb, checked when read.
#pragma once

#include "keys.hpp"

namespace heflow::ckks {

std::size_t polynomial_bytes(const Context& context, std::size_t primes);  // of one polynomial

// The pointers move on. Error(format) for a residue that is not below its prime.
void write_limb(std::uint8_t*& out, const Word* limb, const Context& context, std::size_t prime);
void read_limb(Word* limb, const std::uint8_t*& in, const Context& context, std::size_t prime);

// Limbs `first` .. `first + primes - 1` of a key: b canonical; a comes from the seed.
void write_key(std::uint8_t*& out, const Limbs& b, std::size_t first, std::size_t primes, const Context& context);
void read_key(Limbs& b, Limbs& a, const std::uint8_t*& in, const SeedBytes& seed, std::uint64_t polynomial, std::size_t first,
              std::size_t primes, const Context& context);

}  // namespace heflow::ckks
