"""What a REPL and a notebook show: public facts only."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .encrypted import EncryptedTensor

__all__ = ["card", "html", "text"]


def _bound(x: EncryptedTensor) -> str:
    return f"2^{(x._encoding.limit - 1).bit_length() - x.scale_bits}"


def text(x: EncryptedTensor) -> str:
    """Return the repr."""
    return (
        f"EncryptedTensor({x.public.evaluator.label}, shape={x.shape}, dtype={x.dtype}, "
        f"scale=2^{x.scale_bits}, bound<={_bound(x)}, key={x.key_id[:8]}..)"
    )


def card(title: str, rows: dict[str, str]) -> str:
    """Return a table for Jupyter; the values of `rows` are HTML."""
    cells = "".join(
        f"<tr><th style='text-align:left'>{k}</th><td>{v}</td></tr>" for k, v in rows.items()
    )
    return f"<table><caption><b>{title}</b></caption>{cells}</table>"


def html(x: EncryptedTensor) -> str:
    """Return a card for Jupyter."""
    evaluator = x.public.evaluator
    used = 100 * x._encoding.limit.bit_length() // max(evaluator.capacity.bit_length(), 1)
    rows = {
        "scheme": evaluator.label,
        "shape": str(x.shape),
        "dtype": str(x.dtype),
        "scale": f"2^{x.scale_bits}",
        "bound": f"&le; {_bound(x)}",
        "headroom": f'{x.headroom_bits} bits <progress value="{100 - used}" max="100"></progress>',
        "in memory": f"{x.nbytes:,} bytes",
        "backend": x.public.backend,
        "key": escape(x.key_id[:16]),
    }
    return card("EncryptedTensor", rows)
