# mypy: disable-error-code="no-untyped-call, import-untyped, attr-defined"
"""Machine code: emitted from LLVM's text as an object file, and loaded from one. Numba itself is not needed to load."""

import re
from functools import cache
from typing import Any

from llvmlite import binding

from autograd_lite.compiler.ir import CannotRunError

NAME = "kernel"  # of the function in each object file
FREE = "NRT_MemInfo_call_dtor"


@cache
def _target() -> Any:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding.Target.from_triple(binding.get_process_triple())


def _machine() -> Any:
    """This processor, as Numba asks LLVM for it."""
    return _target().create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=3,
        reloc="static" if _target().name.startswith("x86") else "default",
        codemodel="jitdefault",
        jit=True,
    )


def emit(text: str, name: str) -> bytes:
    """An object file of this function alone, after a line with the symbols that it takes from elsewhere."""
    if {*re.findall(r"@(NRT_\w+)", text)} <= {"NRT_incref", "NRT_decref", FREE}:  # no memory of Numba's to free
        text = re.sub(rf"declare (void @{FREE}\(.*?\)).*", r"define \1 { ret void }", text)
    machine, module = _machine(), binding.parse_assembly(text)
    if any(variable.name.startswith("numba.dynamic.globals") for variable in module.global_variables):
        raise CannotRunError("a function with addresses of this process in it cannot be kept")
    for function in module.functions:
        if not function.is_declaration:
            function.linkage = "internal"
    kernel = module.get_function(name)
    kernel.linkage, kernel.name = "external", NAME
    passes = binding.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, binding.create_pass_builder(machine, binding.create_pipeline_tuning_options()))
    outside = [x.name for x in (*module.functions, *module.global_variables) if x.is_declaration]
    symbols = " ".join(x for x in outside if not x.startswith("llvm."))
    return symbols.encode() + b"\n" + bytes(machine.emit_object(module))


def load(code: bytes) -> tuple[int, Any]:
    """The address of the function in an object file, and what keeps it alive."""
    symbols, _, data = code.partition(b"\n")
    missing = [x for x in symbols.decode().split() if not binding.address_of_symbol(x)]
    if missing:
        _load_numba()
        missing = [x for x in missing if not binding.address_of_symbol(x)]
    if missing:
        raise CannotRunError(f"compiled code needs {', '.join(missing)}, which nobody has")
    _target()
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), _machine())
    engine.add_object_file(binding.ObjectFileRef.from_data(data))
    engine.finalize_object()
    return engine.get_function_address(NAME), engine


@cache
def _load_numba() -> None:
    """Numba's own symbols: what works with lists or arrays needs them."""
    from numba.core.registry import cpu_target
    from numba.core.runtime import rtsys

    rtsys.initialize(cpu_target.target_context)
