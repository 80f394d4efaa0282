// heflow._core.sums: exact sums of quantised numbers under ring-LWE.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "../base/error.hpp"
#include "../ckks/totals.hpp"
#include "../wire/envelope.hpp"
#include "common.hpp"

namespace heflow {
namespace {

using ckks::Counts;
using ckks::RealSpan;
using ckks::SeedBytes;
using ckks::Sums;
using ckks::Totals;

// What goes round a message that is made in its place, without a copy.
struct Wrapping {
  std::uint8_t kind, scheme;
  std::string_view key_id, header;
};

Span span(std::string_view bytes) { return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}; }

// fill(payload) writes `size` bytes; the GIL is not held.
template <class Fill>
py::bytes sealed(const Wrapping& wrapping, std::size_t size, const Fill& fill) {
  py::bytes data(nullptr, sealed_bytes(wrapping.header.size(), size));
  auto* out = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(data.ptr()));
  py::gil_scoped_release release;
  fill(begin(out, wrapping.kind, wrapping.scheme, span(wrapping.key_id), span(wrapping.header), size));
  finish(out, wrapping.header.size(), size);
  return data;
}

void require_same(const Sums& sums, const ckks::Context& context) {
  if (!sums.context().same_as(context)) throw Error(ErrorKind::key_mismatch, "the key is not of this plan or backend");
}

// body(span of the values), float or double.
template <class Body>
py::tuple with_reals(const py::array& values, const Body& body) {
  if (values.ndim() != 1 || (values.flags() & py::array::c_style) == 0)
    throw Error(ErrorKind::shape, "values must be one contiguous axis");
  const auto size = static_cast<std::size_t>(values.size());
  if (py::isinstance<py::array_t<float>>(values))
    return body(RealSpan<const float>{static_cast<const float*>(values.data()), size});
  if (py::isinstance<py::array_t<double>>(values))
    return body(RealSpan<const double>{static_cast<const double*>(values.data()), size});
  throw Error(ErrorKind::encoding, "values must be float32 or float64");
}

// The message, how many values were clipped and how many are not finite.
py::tuple encrypt_shared(const Sums& sums, const ckks::SecretKey& key, const py::array& values, std::uint8_t kind,
                         std::uint8_t scheme, std::string_view key_id, std::string_view header) {
  require_same(sums, *key.context());
  return with_reals(values, [&](auto x) {
    Counts counts;
    const std::size_t size = Seed::kBytes + sums.bytes(x.size, sums.width(), false);
    const py::bytes message = sealed({kind, scheme, key_id, header}, size, [&](std::uint8_t* payload) {
      const Seed open = Seed::fresh();
      std::memcpy(payload, open.bytes(), Seed::kBytes);
      counts = ckks::encrypt_shared(payload + Seed::kBytes, sums, key, x, open);
    });
    return py::make_tuple(message, counts.clipped, counts.invalid);
  });
}

py::tuple encrypt_public(const Sums& sums, const ckks::PublicKey& key, const py::array& values, std::uint8_t kind,
                         std::uint8_t scheme, std::string_view key_id, std::string_view header) {
  require_same(sums, *key.context);
  return with_reals(values, [&](auto x) {
    Counts counts;
    const py::bytes message = sealed({kind, scheme, key_id, header}, sums.bytes(x.size, sums.width(), true),
                                     [&](std::uint8_t* payload) { counts = ckks::encrypt_public(payload, sums, key, x); });
    return py::make_tuple(message, counts.clipped, counts.invalid);
  });
}

const std::uint8_t* require_bytes(const py::buffer_info& info, std::size_t bytes, const char* what) {
  if (info.ndim != 1 || static_cast<std::size_t>(info.size * info.itemsize) != bytes)
    throw Error(ErrorKind::format, std::string(what) + " do not have the length that the values need");
  return static_cast<const std::uint8_t*>(info.ptr);
}

void add(Totals& totals, const py::buffer& data, std::string_view seed, std::uint64_t weight) {
  const py::buffer_info info = data.request();
  const std::uint8_t* in = require_bytes(info, totals.message_bytes(), "the ciphertexts");
  if (weight < 1 || weight >> Totals::kWeightBits != 0) throw Error(ErrorKind::parameter, "a weight lies in 1..16383");
  SeedBytes open{};
  if (seed.size() != (totals.shared() ? open.size() : 0)) throw Error(ErrorKind::format, "a seed has 32 bytes");
  std::copy(seed.begin(), seed.end(), open.begin());
  py::gil_scoped_release release;
  totals.add(in, open, weight);
}

py::bytes seal_totals(const Totals& totals, std::uint8_t kind, std::uint8_t scheme, std::string_view key_id,
                      std::string_view header) {
  return sealed({kind, scheme, key_id, header}, totals.bytes(), [&](std::uint8_t* payload) { totals.write(payload); });
}

// A claim of more values than the bytes could hold is refused before memory is taken.
void require_plausible(std::size_t values, const py::buffer_info& info) {
  if (info.itemsize == 0 || values / 8 > static_cast<std::size_t>(info.size * info.itemsize))
    throw Error(ErrorKind::format, "the totals do not have the length that the values need");
}

std::shared_ptr<Totals> totals_from_bytes(const std::shared_ptr<Sums>& sums, const py::buffer& data, std::size_t values,
                                          bool shared) {
  const py::buffer_info info = data.request();
  require_plausible(values, info);
  auto totals = std::make_shared<Totals>(sums, values, shared);
  const std::uint8_t* in = require_bytes(info, totals->bytes(), "the totals");
  py::gil_scoped_release release;
  totals->read(in);
  return totals;
}

// An array over pooled memory: large results cost no page faults.
template <class Real>
py::array_t<Real> pooled_array(std::size_t size) {
  auto words = std::make_unique<Buffer>((size * sizeof(Real) + 7) / 8);
  auto* data = reinterpret_cast<Real*>(words->data());
  const py::capsule owner(words.release(), [](void* buffer) { delete static_cast<Buffer*>(buffer); });
  return py::array_t<Real>(static_cast<py::ssize_t>(size), data, owner);
}

template <class Real>
py::array decrypt(const Sums& sums, const ckks::SecretKey& key, const py::buffer& data, std::size_t values, bool shared,
                  std::uint64_t total_weight, double scale, double offset) {
  require_same(sums, *key.context());
  const py::buffer_info info = data.request();
  require_plausible(values, info);
  const std::uint8_t* in = require_bytes(info, sums.bytes(values, sums.context().modulus(0).bits, true), "the totals");
  py::array_t<Real> result = pooled_array<Real>(values);
  const RealSpan<Real> out{result.mutable_data(), values};
  bool fits = false;
  {
    py::gil_scoped_release release;
    fits = ckks::decrypt(out, sums, key, in, shared, total_weight, scale, offset);
  }
  if (!fits) throw Error(ErrorKind::format, "a sum exceeds what the weights allow: the result is damaged");
  return result;
}

}  // namespace

void bind_sums(py::module_& module) {
  using py::arg;
  py::class_<Sums, std::shared_ptr<Sums>>(module, "Sums")
      .def(py::init([](const std::shared_ptr<ckks::Context>& context, unsigned fields, unsigned field_bits, unsigned delta_bits,
                       unsigned drop, double clip, double largest) {
             const ckks::Quantiser quantiser{clip, largest / (2 * clip), largest};
             return std::make_shared<Sums>(context, ckks::Packing{fields, field_bits, delta_bits, drop, quantiser});
           }),
           arg("context"), arg("fields"), arg("field_bits"), arg("delta_bits"), arg("drop"), arg("clip"), arg("largest"));
  py::class_<Totals, std::shared_ptr<Totals>>(module, "Totals")
      .def(py::init<std::shared_ptr<Sums>, std::size_t, bool>(), arg("sums"), arg("values"), arg("shared"))
      .def("add", &add, arg("data"), arg("seed"), arg("weight"))
      .def("seal", &seal_totals, arg("kind"), arg("scheme"), arg("key_id"), arg("header"));
  module.def("encrypt_shared", &encrypt_shared, arg("sums"), arg("key"), arg("values"), arg("kind"), arg("scheme"),
             arg("key_id"), arg("header"));
  module.def("encrypt_public", &encrypt_public, arg("sums"), arg("key"), arg("values"), arg("kind"), arg("scheme"),
             arg("key_id"), arg("header"));
  module.def("totals_from_bytes", &totals_from_bytes, arg("sums"), arg("data"), arg("values"), arg("shared"));
  module.def("decrypt_float", &decrypt<float>, arg("sums"), arg("key"), arg("data"), arg("values"), arg("shared"),
             arg("total_weight"), arg("scale"), arg("offset"));
  module.def("decrypt_double", &decrypt<double>, arg("sums"), arg("key"), arg("data"), arg("values"), arg("shared"),
             arg("total_weight"), arg("scale"), arg("offset"));
}

}  // namespace heflow
