"""NannyML on the same days, by an interpreter that has it: ``python nannyml_peer.py DIR DAYS``.

Prints, for each file of DIR, the day of the first alert of the realised and of the estimated
(CBPE) accuracy, with its default thresholds and daily chunks.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nannyml
import pandas as pd


def first_alert(result: object, column: str) -> str:
    """Return after how many days of analysis the first alert came, "-" for never."""
    table = result.filter(period="analysis").to_df()
    alerts = table[(column, "alert")].to_numpy().astype(bool)
    return str(int(alerts.argmax()) + 1) if alerts.any() else "-"


def main(folder: Path, reference: int) -> None:
    """Run both methods on every file."""
    roles = {
        "y_true": "y",
        "y_pred": "predicted",
        "y_pred_proba": "proba",
        "problem_type": "classification_binary",
        "metrics": ["accuracy"],
        "timestamp_column_name": "time",
        "chunk_period": "D",
    }
    for path in sorted(folder.glob("*.parquet"), key=lambda one: int(one.stem)):
        rows = pd.read_parquet(path)
        rows["time"] = pd.Timestamp("2025-03-03") + pd.to_timedelta(rows["day"], "D")
        healthy, later = rows[rows["day"] < reference], rows[rows["day"] >= reference]
        found = []
        for method in (nannyml.PerformanceCalculator, nannyml.CBPE):
            fitted = method(**roles).fit(healthy)
            run = fitted.calculate if method is nannyml.PerformanceCalculator else fitted.estimate
            found.append(first_alert(run(later), "accuracy"))
        print("found", path.stem, *found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
