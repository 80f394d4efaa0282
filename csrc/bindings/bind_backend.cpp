// heflow._core.backend: the backends of modular arithmetic.
#include <pybind11/stl.h>

#include "../base/isa.hpp"
#include "../bigint/select.hpp"
#include "common.hpp"

namespace heflow {

void bind_backend(py::module_& module) {
  module.def("available", [] {
    py::list list;
    for (const bigint::BackendInfo& info : bigint::backends()) {
      list.append(py::make_tuple(info.name, info.available, info.reason, info.features));
    }
    return list;
  });
  module.def("check", [](const std::string& name) { bigint::kernels_for(name); }, py::arg("name"));
  module.def("widest", [] {
    const Isa isa = widest_isa();
    return std::string(isa == Isa::portable ? "portable" : isa == Isa::avx2 ? "avx2" : "avx512ifma");
  });
}

}  // namespace heflow
