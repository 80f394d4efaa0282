"""Run every experiment at full size and write RESULTS.md: python examples/collect.py --data FOLDER"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def cpu():
    """Return the name of this machine's CPU."""
    info = Path("/proc/cpuinfo")
    names = (
        [x for x in info.read_text().splitlines() if x.startswith("model name")]
        if info.exists()
        else []
    )
    return names[0].split(":")[1].strip() if names else platform.processor()


def text(value):
    return f"{value:,.6g}" if isinstance(value, (int, float)) else str(value)


def section(facts, command):
    """Return one experiment's part of the page."""
    lines = [f"## {facts['name']}", "", f"`{command}`", "", "| figure | value |", "|---|---|"]
    lines += [f"| {label} | {text(value)} |" for label, value in facts["rows"]]
    lines += [
        f"| seconds, {phase} | {seconds:.3g} |" for phase, seconds in facts["seconds"].items()
    ]
    lines += ["", *(f"- {party} sees {what}" for party, what in facts["seen"]), ""]
    return lines


def plots(everything, folder):
    """Draw loss by epoch and time by phase, if matplotlib is there."""
    try:
        import matplotlib
    except ImportError:
        return []
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (aucs, losses, times) = plt.subplots(1, 3, figsize=(16, 5))
    for facts in everything:
        for label, values in facts["series"].items():
            if values:
                axes = aucs if label.startswith("AUC") else losses
                axes.plot(range(1, len(values) + 1), values, label=f"{facts['name']}: {label}")
        left = 0.0
        for phase, seconds in facts["seconds"].items():
            if phase != "all":
                times.barh(facts["name"], seconds, left=left)
                left += seconds
    aucs.set_xlabel("epoch")
    aucs.set_ylabel("AUC, rows held out")
    aucs.legend(fontsize=7)
    losses.set_xlabel("epoch or round")
    losses.set_ylabel("loss")
    losses.set_xscale("log")
    losses.legend(fontsize=6, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    times.set_xlabel("seconds, by phase")
    times.tick_params(axis="y", labelsize=6)
    figure.tight_layout()
    figure.savefig(folder / "results.svg")
    return ["![AUC and loss by epoch, time by phase](results.svg)", ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    everything, parts = [], []
    for script in sorted(HERE.glob("[12][0-9]_*.py")):
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            command = [
                sys.executable,
                str(script),
                "--full",
                "--data",
                str(args.data),
                "--json",
                file.name,
            ]
            subprocess.run(command, check=True)
            facts = json.loads(Path(file.name).read_text())
        everything.append(facts)
        parts += section(facts, f"python examples/{script.name} --full --data FOLDER")
    head = [
        "# Experiments",
        "",
        f"One run each, on {cpu()}; threads are stated. `python examples/collect.py --data FOLDER`",
        "",
    ]
    (HERE / "RESULTS.md").write_text("\n".join(head + plots(everything, HERE) + parts))


if __name__ == "__main__":
    main()
