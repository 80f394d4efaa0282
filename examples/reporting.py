"""What the experiments share: their options, and tables on the screen and in JSON."""

import argparse
import json
import time
from pathlib import Path


def options(description):
    """Return --data, --full and --json of a script."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, help="folder with the real data sets")
    parser.add_argument("--full", action="store_true", help="full size and secure keys")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    return parser.parse_args()


class Report:
    """Rows of figures, who saw what, and times by phase."""

    def __init__(self, name):
        self.facts = {"name": name, "rows": [], "seen": [], "series": {}, "seconds": {}}
        self._start = time.perf_counter()

    def row(self, label, value):
        """Note a figure."""
        self.facts["rows"].append([label, value])

    def seen(self, party, what):
        """Note what a party sees."""
        self.facts["seen"].append([party, what])

    def timed(self, phase, work):
        """Run `work` and note its seconds."""
        start = time.perf_counter()
        result = work()
        self.facts["seconds"][phase] = time.perf_counter() - start
        return result

    def finish(self, json_path):
        """Print everything, and write it."""
        self.facts["seconds"]["all"] = time.perf_counter() - self._start
        print(self.facts["name"])
        for label, value in self.facts["rows"]:
            print(
                f"  {label:44} {value:,.6g}"
                if isinstance(value, (int, float))
                else f"  {label:44} {value}"
            )
        for phase, seconds in self.facts["seconds"].items():
            print(f"  seconds, {phase:35} {seconds:.3g}")
        for party, what in self.facts["seen"]:
            print(f"  {party} sees {what}")
        if json_path:
            json_path.write_text(json.dumps(self.facts, indent=1))


def auc(y, scores):
    """Return the area under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y, scores))
