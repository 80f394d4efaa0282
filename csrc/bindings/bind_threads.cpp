#include "../threads/parallel_for.hpp"
#include "common.hpp"

namespace heflow {

void bind_threads(py::module_& module) {
  module.def("count", &thread_count);
  module.def("set_count", &set_thread_count, py::arg("n"));
}

}  // namespace heflow
