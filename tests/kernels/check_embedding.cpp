// The transform behind the embedding: roots to the bit that matters, values against direct evaluation.
#include <algorithm>
#include <cmath>
#include <complex>

#include "../../csrc/ring/tables.hpp"
#include "checks.hpp"

namespace heflow::checks {

void check_embedding(Report& report) {
  using Complex = std::complex<double>;
  const ring::Kernels& k = ring::kPortableKernels;
  for (unsigned log_degree : {10u, 11u}) {
    const std::size_t degree = std::size_t{1} << log_degree, n = degree / 2;
    const ring::FftTable& table = ring::fft_table(log_degree);
    std::vector<double> real(n, 0), imaginary(n, 0), re(n), im(n);
    real[1] = 1;
    k.fft_forward(real.data(), imaginary.data(), table);  // of X: the points
    Words angles(n);
    for (std::size_t i = 0; i < n; ++i) {
      const double turns = std::atan2(imaginary[i], real[i]) / std::acos(-1.0) * static_cast<double>(degree);
      angles[i] = static_cast<Word>(std::llround(turns < 0 ? turns + 2 * static_cast<double>(degree) : turns));
    }
    report.result("embedding/" + std::to_string(degree) + "/angles", angles);
    Source source(log_degree);
    for (std::size_t i = 0; i < n; ++i) {
      re[i] = static_cast<double>(source.next() >> 11) * 0x1p-53, im[i] = static_cast<double>(source.next() >> 11) * 0x1p-53;
    }
    std::vector<double> x = re, y = im;
    k.fft_forward(x.data(), y.data(), table);
    double error = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const Complex point(real[i], imaginary[i]);
      Complex value = 0;
      for (std::size_t j = n; j-- > 0;) value = value * point + Complex(re[j], im[j]);
      error = std::max(error, std::abs(value - Complex(x[i], y[i])));
    }
    report.expect("embedding forward", error < 1e-9);
    k.fft_inverse(x.data(), y.data(), table);
    error = 0;
    for (std::size_t i = 0; i < n; ++i) {
      error = std::max(error, std::abs(Complex(x[i], y[i]) / static_cast<double>(n) - Complex(re[i], im[i])));
    }
    report.expect("embedding round trip", error < 1e-12);
  }
}

}  // namespace heflow::checks
