// heflow._core.bigint: batched modular exponentiation over little-endian bytes.
#include <string_view>

#include "../base/error.hpp"
#include "../bigint/powmod.hpp"
#include "../bigint/select.hpp"
#include "common.hpp"

namespace heflow {
namespace {

using bigint::Natural;

// Rows of `bytes_each` bytes as rows of whole words.
Natural read_rows(std::string_view bytes, std::size_t count, std::size_t bytes_each, const char* name) {
  if (bytes.size() != count * bytes_each) {
    throw Error(ErrorKind::parameter, std::string(name) + " has " + std::to_string(bytes.size()) + " bytes; needed are " +
                                          std::to_string(count) + " rows of " + std::to_string(bytes_each));
  }
  const std::size_t words = (bytes_each + 7) / 8;
  Natural rows(count * words, 0);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < bytes_each; ++j) {
      const auto byte = static_cast<std::uint8_t>(bytes[i * bytes_each + j]);
      rows[i * words + j / 8] |= static_cast<std::uint64_t>(byte) << (8 * (j % 8));
    }
  }
  return rows;
}

py::bytes powmod(std::string_view bases, std::string_view exponents, std::string_view modulus, std::size_t count,
                 std::size_t exponent_bytes, bool shared_exponent, const std::string& backend) {
  const bigint::Kernels& kernels = bigint::kernels_for(backend);
  Natural n = bigint::natural_from_bytes(reinterpret_cast<const std::uint8_t*>(modulus.data()), modulus.size());
  const std::size_t bytes_each = modulus.size();
  const Natural base_rows = read_rows(bases, count, bytes_each, "bases");
  const Natural exponent_rows = read_rows(exponents, shared_exponent ? 1 : count, exponent_bytes, "exponents");
  std::string result(count * bytes_each, '\0');
  {
    py::gil_scoped_release release;
    const bigint::Modulus m(kernels, n);
    // The caller's width may exceed the modulus's own.
    const std::size_t words = m.words(), given = (bytes_each + 7) / 8;
    Natural narrow(count * words, 0), powers(count * words, 0);
    for (std::size_t i = 0; i < count; ++i) {
      Natural row(base_rows.begin() + static_cast<std::ptrdiff_t>(i * given),
                  base_rows.begin() + static_cast<std::ptrdiff_t>((i + 1) * given));
      if (!bigint::less(row, m.n())) {
        throw Error(ErrorKind::parameter, "base " + std::to_string(i) + " is not below the modulus");
      }
      for (std::size_t k = 0; k < words; ++k) narrow[i * words + k] = row[k];
    }
    if (count > 0) {
      bigint::powmod(powers.data(), narrow.data(), exponent_rows.data(), count, (exponent_bytes + 7) / 8, shared_exponent, m);
    }
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < bytes_each && j / 8 < words; ++j) {
        result[i * bytes_each + j] = static_cast<char>(powers[i * words + j / 8] >> (8 * (j % 8)));
      }
    }
  }
  return py::bytes(result);
}

}  // namespace

void bind_bigint(py::module_& module) {
  module.def("powmod", &powmod, py::arg("bases"), py::arg("exponents"), py::arg("modulus"), py::arg("count"),
             py::arg("exponent_bytes"), py::arg("shared_exponent"), py::arg("backend"));
}

}  // namespace heflow
