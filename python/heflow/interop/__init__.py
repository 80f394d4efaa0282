"""Other frameworks, each in a module of its own that is imported by name: `heflow.interop.flower`."""
