"""Instance names that would clash with attributes of PyTorch's modules or with Python's grammar.

A static list, so that checking never imports torch; a test of the torch backend proves that it covers
`dir(GraphModule)`.
"""

from __future__ import annotations

from keyword import kwlist

_MODULE = """
T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double
dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu
load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters
register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to
to_empty train training type xpu zero_grad add_submodule code delete_all_unused_submodules delete_submodule
graph meta print_readable recompile to_folder
""".split()

RESERVED = frozenset(_MODULE) | frozenset(kwlist)


def is_reserved(name: str) -> bool:
    """Whether no instance may have this name."""
    return name in RESERVED or name.startswith("__")
