// heflow._core.wire: the envelope.
#include <string_view>

#include "../base/error.hpp"
#include "../wire/checksum.hpp"
#include "../wire/envelope.hpp"
#include "common.hpp"

namespace heflow {
namespace {

Span span(const py::buffer_info& info) {
  if (info.ndim > 1 || (info.ndim == 1 && info.strides[0] != info.itemsize)) {
    throw Error(ErrorKind::format, "contiguous bytes are needed");
  }
  return {static_cast<const std::uint8_t*>(info.ptr), static_cast<std::size_t>(info.size * info.itemsize)};
}

Span span(std::string_view bytes) { return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}; }

py::bytes to_bytes(Span s) { return py::bytes(reinterpret_cast<const char*>(s.data), s.size); }

py::bytes seal_bytes(std::uint8_t kind, std::uint8_t scheme, std::string_view key_id, std::string_view header,
                     const py::buffer& payload) {
  const py::buffer_info info = payload.request();
  const Span body = span(info);
  py::bytes result(nullptr, sealed_bytes(header.size(), body.size));
  auto* out = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(result.ptr()));
  py::gil_scoped_release release;
  seal(out, kind, scheme, span(key_id), span(header), body);
  return result;
}

py::tuple open_bytes(const py::buffer& data) {
  const py::buffer_info info = data.request();
  const Span sealed = span(info);
  Envelope envelope{};
  {
    py::gil_scoped_release release;
    envelope = open(sealed);
  }
  const auto offset = static_cast<py::ssize_t>(envelope.payload.data - sealed.data);
  const py::object view = py::module_::import("builtins").attr("memoryview")(data).attr("cast")("B");
  const py::slice range(offset, offset + static_cast<py::ssize_t>(envelope.payload.size), 1);
  return py::make_tuple(envelope.kind, envelope.scheme, to_bytes(envelope.key_id), to_bytes(envelope.header), view[range]);
}

}  // namespace

void bind_wire(py::module_& module) {
  module.def("seal", &seal_bytes, py::arg("kind"), py::arg("scheme"), py::arg("key_id"), py::arg("header"), py::arg("payload"));
  module.def("open", &open_bytes, py::arg("data"));
  module.def(
      "checksum",
      [](const py::buffer& data) {
        const py::buffer_info info = data.request();
        const Span s = span(info);
        return checksum(s.data, s.size);
      },
      py::arg("data"));
}

}  // namespace heflow
