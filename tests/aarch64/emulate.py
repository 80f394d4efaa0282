"""Python with this tree's heflow for aarch64 in a folder, under qemu-user: Debian's packages, PyPI's wheels, a cross-built wheel.

python tests/aarch64/emulate.py FOLDER -m pytest tests/paillier   (the arguments are those of the emulated Python)
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPILER = "aarch64-linux-gnu-g++"
QEMU = next((q for q in ("qemu-aarch64-static", "qemu-aarch64") if shutil.which(q)), None)
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PACKAGES = ["python3.11-minimal", "libpython3.11-dev", "libstdc++6"]

MISSING = [tool for tool in (COMPILER, "apt-get", "dpkg-deb") if not shutil.which(tool)]
MISSING += [what for what, there in [("qemu-user", QEMU), (str(KEYS), KEYS.exists())] if not there]
MISSING += ["Python 3.11, as Debian 12 has"] * (sys.version_info[:2] != (3, 11))


class MirrorError(Exception):
    """Debian's mirror does not answer: nothing that this tree could mend. What fails later is an error."""


def fetch(folder):
    """A root file system: a Python, its headers and what they need."""
    root, apt = folder / "root", folder / "apt"
    if root.exists():
        return root
    for part in ("lists/partial", "cache/archives/partial"):
        (apt / part).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    (apt / "sources").write_text(
        f"deb [signed-by={KEYS}] http://deb.debian.org/debian bookworm main\n"
    )
    options = {
        "APT::Architecture": "arm64", "APT::Architectures::": "arm64", "APT::Install-Recommends": "false",
        "APT::Update::Error-Mode": "any", "Acquire::Retries": "2", "Acquire::http::Timeout": "30",
        "Debug::NoLocking": "true", "Dir::State": apt, "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache", "Dir::Etc::sourcelist": apt / "sources", "Dir::Etc::sourceparts": "-",
    }  # fmt: skip
    (apt / "conf").write_text(
        "#clear APT::Architectures;\n" + "".join(f'{k} "{v}";\n' for k, v in options.items())
    )
    environment = {**os.environ, "APT_CONFIG": str(apt / "conf")}
    found = subprocess.run(["apt-get", "update"], env=environment, capture_output=True, text=True)
    if found.returncode:
        raise MirrorError(found.stderr.strip()[-300:])
    command = ["apt-get", "install", "-qq", "--download-only", "-y", *PACKAGES]
    subprocess.run(command, env=environment, check=True)
    unfinished = folder / "root.part"
    for package in sorted((apt / "cache/archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, unfinished], check=True)
    return unfinished.rename(root)


def install(folder, root):
    """The wheel of this tree, cross-compiled, and what its tests need."""
    definitions = {
        "CMAKE_SYSTEM_NAME": "Linux",
        "CMAKE_SYSTEM_PROCESSOR": "aarch64",
        "CMAKE_CXX_COMPILER": COMPILER,
        "CMAKE_CXX_FLAGS": f"-idirafter {root}/usr/include",
        "PYBIND11_USE_CROSSCOMPILING": "ON",
        "Python_INCLUDE_DIR": f"{root}/usr/include/python3.11",
    }
    environment = {
        **os.environ,
        "_PYTHON_HOST_PLATFORM": "linux-aarch64",
        "SETUPTOOLS_EXT_SUFFIX": ".cpython-311-aarch64-linux-gnu.so",
    }
    pip = [sys.executable, "-m", "pip"]
    settings = [f"-Cbuild-dir={folder}/build"] + [
        f"-Ccmake.define.{name}={value}" for name, value in definitions.items()
    ]
    command = [*pip, "wheel", "-q", "--no-deps", "-w", folder, *settings, ROOT]
    subprocess.run(command, env=environment, check=True)
    wheel = max(folder.glob("heflow_core-*_aarch64.whl"), key=os.path.getmtime)
    systems = ["linux", *(f"manylinux_2_{minor}" for minor in range(17, 37))]
    platforms = [f"--platform={system}_aarch64" for system in systems]
    target = root / "usr/lib/python3/dist-packages"
    command = [*pip, "install", "-q", "--upgrade", "--only-binary=:all:", *platforms]
    subprocess.run([*command, "--target", target, f"{wheel}[test]"], check=True)


def prepare(folder):
    """Return the emulated Python, a program. What was fetched and compiled before is kept."""
    folder = folder.resolve()
    root = fetch(folder)
    install(folder, root)
    program = folder / "python"
    program.write_text(f'#!/bin/sh\nexec {QEMU} -L {root} -0 "$0" {root}/usr/bin/python3.11 "$@"\n')
    program.chmod(0o755)
    return program


def run(program, *arguments, **options):
    """Run the emulated Python in this tree, with the installed heflow."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "HEFLOW_BACKEND")}
    environment["CC"] = COMPILER.replace("g++", "gcc")  # for a library that a test preloads
    return subprocess.run([program, *arguments], cwd=ROOT, env=environment, **options)


if __name__ == "__main__":
    if MISSING:
        sys.exit(f"needs {', '.join(MISSING)}")
    sys.exit(run(prepare(Path(sys.argv[1])), *sys.argv[2:]).returncode)
