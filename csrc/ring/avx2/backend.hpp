// The functions of this backend, for its table.
#pragma once

#include "../kernels.hpp"

namespace heflow::ring::avx2 {

void forward(Word* a, const NttTable& table) noexcept;
void forward_lazy(Word* a, const NttTable& table) noexcept;
void inverse(Word* a, const NttTable& table) noexcept;
void add(Word* r, const Word* a, const Word* b, std::size_t n, const Modulus& m) noexcept;
void subtract(Word* r, const Word* a, const Word* b, std::size_t n, const Modulus& m) noexcept;
void negate(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept;
void reduce(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept;
void prepare(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept;
void multiply(Word* r, const Word* a, const Word* prepared, std::size_t n, const Modulus& m) noexcept;
void multiply_add(Word* r, const Word* a, const Word* prepared, const Word* c, std::size_t n, const Modulus& m) noexcept;
void scale(Word* r, const Word* a, const Factor& w, std::size_t n, const Modulus& m) noexcept;
void scale_add(Word* r, const Word* a, const Factor& w, const Word* c, std::size_t n, const Modulus& m) noexcept;
void difference_scale(Word* r, const Word* a, const Word* b, const Factor& w, const Word* c, std::size_t n,
                      const Modulus& m) noexcept;
void tensor(Word* d0, Word* d1, Word* d2, const Word* x0, const Word* x1, const Word* y0, const Word* y1, std::size_t n,
            const Modulus& m) noexcept;
void inner_products(Word* r0, Word* r1, const Word* const* digits, const Word* const* keys0, const Word* const* keys1,
                    std::size_t count, std::size_t n, const Modulus& m) noexcept;
void switch_modulus(Word* r, const Word* a, std::size_t n, const Modulus& from, const Modulus& to) noexcept;
void from_int8(Word* r, const std::int8_t* a, std::size_t n, const Modulus& m) noexcept;
void from_doubles(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept;
void from_wide_doubles(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept;
void to_doubles(double* r, const Word* a, std::size_t n, const Modulus& m) noexcept;
void permute(Word* r, const Word* a, const std::uint32_t* positions, std::size_t n) noexcept;
void fft_forward(double* real, double* imaginary, const FftTable& table) noexcept;
void fft_inverse(double* real, double* imaginary, const FftTable& table) noexcept;
extern const FusedKernels kFused;  // fused.cpp

}  // namespace heflow::ring::avx2
