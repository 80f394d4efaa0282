// The complex transform behind the embedding, stage by stage.
#include "backend.hpp"

namespace heflow::ring::portable {
namespace {

void transpose_blocks(double* a, std::size_t n) {
  for (std::size_t b = 0; b < n; b += 64) {
    for (std::size_t i = 1; i < 8; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const double t = a[b + 8 * i + j];
        a[b + 8 * i + j] = a[b + 8 * j + i];
        a[b + 8 * j + i] = t;
      }
    }
  }
}

}  // namespace

void fft_forward(double* real, double* imaginary, const FftTable& table) noexcept {
  const std::size_t n = std::size_t{1} << (table.log_degree - 1);
  for (std::size_t blocks = 1, half = n / 2; half >= 1; blocks *= 2, half /= 2) {
    for (std::size_t b = 0; b < blocks; ++b) {
      const double wr = table.real[blocks + b], wi = table.imaginary[blocks + b];
      double *xr = real + 2 * b * half, *xi = imaginary + 2 * b * half, *yr = xr + half, *yi = xi + half;
      for (std::size_t j = 0; j < half; ++j) {
        const double tr = yr[j] * wr - yi[j] * wi, ti = yr[j] * wi + yi[j] * wr;
        yr[j] = xr[j] - tr, yi[j] = xi[j] - ti;
        xr[j] += tr, xi[j] += ti;
      }
    }
  }
  transpose_blocks(real, n), transpose_blocks(imaginary, n);
}

void fft_inverse(double* real, double* imaginary, const FftTable& table) noexcept {
  const std::size_t n = std::size_t{1} << (table.log_degree - 1);
  transpose_blocks(real, n), transpose_blocks(imaginary, n);
  for (std::size_t blocks = n / 2, half = 1; blocks >= 1; blocks /= 2, half *= 2) {
    for (std::size_t b = 0; b < blocks; ++b) {
      const double wr = table.real[blocks + b], wi = table.imaginary[blocks + b];
      double *xr = real + 2 * b * half, *xi = imaginary + 2 * b * half, *yr = xr + half, *yi = xi + half;
      for (std::size_t j = 0; j < half; ++j) {
        const double dr = xr[j] - yr[j], di = xi[j] - yi[j];
        xr[j] += yr[j], xi[j] += yi[j];
        yr[j] = dr * wr + di * wi, yi[j] = di * wr - dr * wi;
      }
    }
  }
}

}  // namespace heflow::ring::portable
