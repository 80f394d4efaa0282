// heflow._core.bigint: batched modular exponentiation over little-endian bytes.
#include <string_view>

#include "../base/bytes.hpp"
#include "../base/error.hpp"
#include "../bigint/powmod.hpp"
#include "../bigint/select.hpp"
#include "common.hpp"

namespace heflow {
namespace {

using bigint::Natural;

const std::uint8_t* bytes_of(std::string_view bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }

void require_rows(std::string_view bytes, std::size_t count, std::size_t bytes_each, const char* name) {
  if (bytes.size() == count * bytes_each) return;
  throw Error(ErrorKind::parameter, std::string(name) + " has " + std::to_string(bytes.size()) + " bytes; needed are " +
                                        std::to_string(count) + " rows of " + std::to_string(bytes_each));
}

// Rows of `bytes_each` bytes as rows of `words` words, 8 words >= bytes_each.
Natural read_rows(std::string_view bytes, std::size_t bytes_each, std::size_t words) {
  const std::size_t count = bytes_each == 0 ? 0 : bytes.size() / bytes_each;
  Natural rows(count * words);
  for (std::size_t i = 0; i < count; ++i) {
    read_words(rows.data() + i * words, words, bytes_of(bytes) + i * bytes_each, bytes_each);
  }
  return rows;
}

bool below(const bigint::Word* row, const Natural& n) {
  for (std::size_t k = n.size(); k-- > 0;) {
    if (row[k] != n[k]) return row[k] < n[k];
  }
  return false;
}

py::bytes powmod(std::string_view bases, std::string_view exponents, std::string_view modulus, std::size_t count,
                 std::size_t exponent_bytes, bool shared_exponent, const std::string& backend) {
  const bigint::Kernels& kernels = bigint::kernels_for(backend);
  const bigint::Modulus m(kernels, bigint::natural_from_bytes(bytes_of(modulus), modulus.size()), bigint::Ring::modulo_n);
  const std::size_t words = m.words(), bytes_each = (m.bits() + 7) / 8, exponent_words = (exponent_bytes + 7) / 8;
  require_rows(bases, count, bytes_each, "bases");
  require_rows(exponents, shared_exponent ? 1 : count, exponent_bytes, "exponents");
  py::bytes result(nullptr, count * bytes_each);
  auto* out = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(result.ptr()));
  py::gil_scoped_release release;
  Natural rows = read_rows(bases, bytes_each, words);
  for (std::size_t i = 0; i < count; ++i) {
    if (!below(rows.data() + i * words, m.n())) {
      throw Error(ErrorKind::parameter, "base " + std::to_string(i) + " is not below the modulus");
    }
  }
  const Natural powers = read_rows(exponents, exponent_bytes, exponent_words);
  if (count > 0) bigint::powmod(rows.data(), rows.data(), powers.data(), count, exponent_words, shared_exponent, m);
  for (std::size_t i = 0; i < count; ++i) write_words(out + i * bytes_each, bytes_each, rows.data() + i * words);
  return result;
}

}  // namespace

void bind_bigint(py::module_& module) {
  module.def("powmod", &powmod, py::arg("bases"), py::arg("exponents"), py::arg("modulus"), py::arg("count"),
             py::arg("exponent_bytes"), py::arg("shared_exponent"), py::arg("backend"));
}

}  // namespace heflow
