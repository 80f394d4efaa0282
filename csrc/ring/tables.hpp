// Tables of roots of unity, made once for each (backend, prime, degree) and kept: the permitted exception to
// "no globals", immutable once made.
#pragma once

#include <memory>

#include "kernels.hpp"

namespace heflow::ring {

// Error(parameter) unless p < 2^50 is a prime that is 1 modulo 2N. References stay valid for ever.
const NttTable& ntt_table(const Kernels& kernels, Word p, unsigned log_degree);
const FftTable& fft_table(unsigned log_degree);

Modulus make_modulus(const Kernels& kernels, Word p);
Factor make_factor(const Kernels& kernels, Word w, Word p);  // w < p

// Position in NTT order of the value at root^exponent, exponent odd and below 2N; and back.
std::uint32_t position_of_exponent(std::uint32_t exponent, unsigned log_degree);
std::uint32_t exponent_at_position(std::uint32_t position, unsigned log_degree);

}  // namespace heflow::ring
