// heflow._core: a submodule for each file bind_*.cpp; that of CKKS has two.
#include "common.hpp"

namespace heflow {

void bind_errors();
void bind_threads(py::module_& module);
void bind_wire(py::module_& module);
void bind_backend(py::module_& module);
void bind_bigint(py::module_& module);
void bind_paillier(py::module_& module);
void bind_ckks(py::module_& module);
void bind_sums(py::module_& module);
void bind_testing(py::module_& module);

}  // namespace heflow

// pybind11's entry under another name: in a sub-interpreter it would wait for its own lock for ever.
#define PyInit__core heflow_module
PYBIND11_MODULE(_core, module) {
  const auto submodule = [&](const char* name, void (*bind)(py::module_&)) {
    py::module_ added = module.def_submodule(name);
    bind(added);
  };
  heflow::bind_errors();
  submodule("threads", heflow::bind_threads);
  submodule("wire", heflow::bind_wire);
  submodule("backend", heflow::bind_backend);
  submodule("bigint", heflow::bind_bigint);
  submodule("paillier", heflow::bind_paillier);
  submodule("ckks", heflow::bind_ckks);
  submodule("sums", heflow::bind_sums);
  submodule("testing", heflow::bind_testing);
}
#undef PyInit__core

extern "C" PYBIND11_EXPORT PyObject* PyInit__core() {
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) return heflow_module();
  PyErr_SetString(PyExc_ImportError,
                  "heflow runs in the main interpreter of a process, and this is a sub-interpreter: use a process of "
                  "its own (mod_wsgi: WSGIApplicationGroup %{GLOBAL})");
  return nullptr;
}
