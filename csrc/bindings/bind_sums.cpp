// heflow._core.sums: exact sums of quantised numbers under ring-LWE.
#include <cstring>
#include <string_view>

#include "../base/error.hpp"
#include "../ckks/coefficients.hpp"
#include "common.hpp"

namespace heflow {
namespace {

using ckks::Sums;
using ckks::Totals;

using Reals = py::array_t<double, py::array::c_style>;

Seed seed_from(std::string_view bytes) {
  if (bytes.size() != Seed::kBytes) throw Error(ErrorKind::format, "a seed has 32 bytes");
  return Seed::from_bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

void require_same(const Sums& sums, const ckks::Context& context) {
  if (!sums.context().same_as(context)) throw Error(ErrorKind::key_mismatch, "the key is not of this plan or backend");
}

template <class Body>
ckks::Counts with_reals(const py::array& values, const Body& body) {
  if (values.ndim() != 1 || (values.flags() & py::array::c_style) == 0)
    throw Error(ErrorKind::shape, "values must be one contiguous axis");
  const auto size = static_cast<std::size_t>(values.size());
  if (py::isinstance<py::array_t<float>>(values))
    return body(ckks::RealSpan<float>{static_cast<const float*>(values.data()), size});
  if (py::isinstance<py::array_t<double>>(values))
    return body(ckks::RealSpan<double>{static_cast<const double*>(values.data()), size});
  throw Error(ErrorKind::encoding, "values must be float32 or float64");
}

// The fresh public seed, then the ciphertexts.
py::tuple encrypt_shared(const Sums& sums, const ckks::SecretKey& key, const py::array& values) {
  require_same(sums, *key.context());
  const std::size_t size = sums.message_bytes(static_cast<std::size_t>(values.size()), true);
  py::bytes data(nullptr, Seed::kBytes + size);
  auto* out = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(data.ptr()));
  const Seed open = Seed::fresh();
  std::memcpy(out, open.bytes(), Seed::kBytes);
  const ckks::Counts counts = with_reals(values, [&](auto span) {
    py::gil_scoped_release release;
    return ckks::encrypt_shared(out + Seed::kBytes, sums, key, span, open);
  });
  return py::make_tuple(data, counts.clipped, counts.invalid);
}

py::tuple encrypt_public(const Sums& sums, const ckks::PublicKey& key, const py::array& values) {
  require_same(sums, *key.context);
  py::bytes data(nullptr, sums.message_bytes(static_cast<std::size_t>(values.size()), false));
  auto* out = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(data.ptr()));
  const ckks::Counts counts = with_reals(values, [&](auto span) {
    py::gil_scoped_release release;
    return ckks::encrypt_public(out, sums, key, span);
  });
  return py::make_tuple(data, counts.clipped, counts.invalid);
}

void accumulate(Totals& totals, const Sums& sums, const py::buffer& data, std::string_view seed, std::uint64_t weight) {
  const py::buffer_info info = data.request();
  if (info.ndim != 1 ||
      static_cast<std::size_t>(info.size * info.itemsize) != sums.message_bytes(totals.values(), totals.shared()))
    throw Error(ErrorKind::format, "the ciphertexts do not have the length that the values need");
  if (weight < 1 || weight >> 14 != 0) throw Error(ErrorKind::parameter, "a weight lies in 1..16383");
  const Seed open = seed_from(totals.shared() ? seed : std::string_view("00000000000000000000000000000000"));
  py::gil_scoped_release release;
  ckks::accumulate(totals, sums, static_cast<const std::uint8_t*>(info.ptr), &open, weight);
}

py::bytes totals_to_bytes(const Totals& totals, const Sums& sums) {
  py::bytes data(nullptr, ckks::totals_bytes(sums, totals.values()));
  auto* out = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(data.ptr()));
  py::gil_scoped_release release;
  ckks::export_totals(out, totals, sums);
  return data;
}

std::shared_ptr<Totals> totals_from_bytes(const Sums& sums, const py::buffer& data, std::size_t values, bool shared) {
  const py::buffer_info info = data.request();
  const auto size = static_cast<std::size_t>(info.size * info.itemsize);
  if (info.ndim != 1 || values > 8 * size || size != ckks::totals_bytes(sums, values))
    throw Error(ErrorKind::format, "the totals do not have the length that the values need");
  auto totals = std::make_shared<Totals>(sums, values, shared);
  py::gil_scoped_release release;
  ckks::import_totals(*totals, sums, static_cast<const std::uint8_t*>(info.ptr));
  return totals;
}

Reals decrypt(const Sums& sums, const ckks::SecretKey& key, const Totals& totals, std::uint64_t total_weight, double scale,
              double offset) {
  require_same(sums, *key.context());
  Reals values(static_cast<py::ssize_t>(totals.blocks() * sums.block_values()));
  double* out = values.mutable_data();
  bool fits = false;
  {
    py::gil_scoped_release release;
    fits = ckks::decrypt(out, sums, key, totals, total_weight, scale, offset);
  }
  if (!fits) throw Error(ErrorKind::format, "a sum exceeds what the weights allow: the result is damaged");
  return values;
}

}  // namespace

void bind_sums(py::module_& module) {
  using py::arg;
  py::class_<Sums, std::shared_ptr<Sums>>(module, "Sums")
      .def(py::init([](const std::shared_ptr<ckks::Context>& context, unsigned fields, unsigned field_bits, unsigned delta_bits,
                       unsigned drop, double clip, double largest) {
             const unsigned width = context->modulus(0).bits - drop;
             const ckks::Quantiser quantiser{clip, largest / (2 * clip), largest};
             return std::make_shared<Sums>(context, ckks::Packing{fields, field_bits, delta_bits, drop, width, quantiser});
           }),
           arg("context"), arg("fields"), arg("field_bits"), arg("delta_bits"), arg("drop"), arg("clip"), arg("largest"))
      .def("message_bytes", &Sums::message_bytes, arg("values"), arg("shared"));
  py::class_<Totals, std::shared_ptr<Totals>>(module, "Totals")
      .def(py::init<const Sums&, std::size_t, bool>(), arg("sums"), arg("values"), arg("shared"));
  module.def("encrypt_shared", &encrypt_shared, arg("sums"), arg("key"), arg("values"));
  module.def("encrypt_public", &encrypt_public, arg("sums"), arg("key"), arg("values"));
  module.def("accumulate", &accumulate, arg("totals"), arg("sums"), arg("data"), arg("seed"), arg("weight"));
  module.def("totals_to_bytes", &totals_to_bytes, arg("totals"), arg("sums"));
  module.def("totals_from_bytes", &totals_from_bytes, arg("sums"), arg("data"), arg("values"), arg("shared"));
  module.def("decrypt", &decrypt, arg("sums"), arg("key"), arg("totals"), arg("total_weight"), arg("scale"), arg("offset"));
}

}  // namespace heflow
