"""Keys and tensors in files: ``heflow keygen | encrypt | decrypt | add | inspect``."""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np

import heflow as hf

_PATH = click.Path(path_type=Path, dir_okay=False)
_EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)


def _read_array(path: Path) -> np.ndarray:
    """Read numbers, or say why the file holds none."""
    if not path.stat().st_size:
        raise hf.EncodingError(
            f"{path} is empty: a .npy file or numbers separated by commas are needed"
        )
    try:
        if path.suffix == ".npy":
            return np.asarray(np.load(path, allow_pickle=False))
        return np.loadtxt(path, delimiter=",")
    except (ValueError, EOFError) as error:
        raise hf.EncodingError(
            f"{path} holds something else than numbers ({error}): a .npy file of numbers is needed, or text of "
            "numbers separated by commas, without a header"
        ) from None


@click.command()
@click.argument("secret_file", type=_PATH)
@click.argument("public_file", type=_PATH)
@click.option("--bits", default=3072, show_default=True)
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.password_option("--passphrase", envvar="HEFLOW_PASSPHRASE", help="Protects the secret file.")
def keygen(secret_file: Path, public_file: Path, bits: int, force: bool, passphrase: str) -> None:
    """Make a Paillier key: SECRET_FILE (passphrase-protected) and PUBLIC_FILE."""
    for path in () if force else (secret_file, public_file):
        if path.exists():
            raise hf.ParameterError(
                f"{path} exists, and nothing opens what was encrypted under a key that is gone: choose another "
                "name, or --force"
            )
    secret = hf.paillier.keygen(bits)
    hf.save(secret_file, secret, passphrase=passphrase)
    hf.save(public_file, secret.public)
    click.echo(f"key {secret.key_id}")


@click.command()
@click.argument("public_file", type=_EXISTING)
@click.argument("array_file", type=_EXISTING)
@click.argument("tensor_file", type=_PATH)
@click.option("--bound", type=float, help="Declared range of the values.")
def encrypt(public_file: Path, array_file: Path, tensor_file: Path, bound: float | None) -> None:
    """Encrypt ARRAY_FILE (.npy, or numbers separated by commas) into TENSOR_FILE."""
    tensor = hf.load(public_file).encrypt(_read_array(array_file), bound=bound)
    hf.save(tensor_file, tensor)
    click.echo(repr(tensor))


@click.command()
@click.argument("secret_file", type=_EXISTING)
@click.argument("tensor_file", type=_EXISTING)
@click.option("--output", type=_PATH, help="Write a .npy file instead of printing.")
@click.option("--passphrase", prompt=True, hide_input=True, envvar="HEFLOW_PASSPHRASE")
def decrypt(secret_file: Path, tensor_file: Path, output: Path | None, passphrase: str) -> None:
    """Decrypt TENSOR_FILE with SECRET_FILE."""
    secret = hf.load(secret_file, passphrase=passphrase)
    values = secret.decrypt(hf.load(tensor_file, secret.public))
    if output is None:
        click.echo(np.array2string(values, threshold=values.size + 1, floatmode="unique"))
    elif values.dtype == object:
        raise hf.EncodingError("integers beyond 64 bits do not fit a .npy file: leave out --output")
    else:
        np.save(output, values, allow_pickle=False)


@click.command()
@click.argument("public_file", type=_EXISTING)
@click.argument("tensor_files", type=_EXISTING, nargs=-1, required=True)
@click.argument("sum_file", type=_PATH)
def add(public_file: Path, tensor_files: tuple[Path, ...], sum_file: Path) -> None:
    """Add TENSOR_FILES into SUM_FILE, without a secret."""
    public = hf.load(public_file)
    total = hf.load(tensor_files[0], public)
    for path in tensor_files[1:]:
        total = total + hf.load(path, public)
    hf.save(sum_file, total)
    click.echo(repr(total))


@click.command()
@click.argument("file", type=_EXISTING)
def inspect(file: Path) -> None:
    """Say what a FILE holds, without trusting it."""
    click.echo(json.dumps(hf.inspect(file.read_bytes()), indent=2, default=str))
