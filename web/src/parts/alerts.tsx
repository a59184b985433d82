/** Alerts, those of one column told as one line: since when, how often, what it is now. */
import type { ReactElement } from "react";
import { Link } from "react-router";

import type { Alert } from "../api";
import { to } from "../data/paths";
import { period, plural, sentenceCase, when } from "../words";

export interface AlertGroup {
  key: string;
  latest: Alert;
  first: Alert;
  times: number;
}

const URGENCY: Record<Alert["kind"], number> = { performance: 0, quality: 1, volume: 2, drift: 3 };

/** The alerts of one kind and column together, the most urgent kind first, then the most frequent. */
export function groupAlerts(alerts: Alert[]): AlertGroup[] {
  const groups = new Map<string, AlertGroup>();
  for (const alert of alerts) {
    const key = `${alert.kind} ${alert.column ?? ""}`;
    const known = groups.get(key);
    if (known === undefined) {
      groups.set(key, { key, latest: alert, first: alert, times: 1 });
      continue;
    }
    known.times += 1;
    if (alert.window.start > known.latest.window.start) known.latest = alert;
    if (alert.window.start < known.first.window.start) known.first = alert;
  }
  return [...groups.values()].toSorted(
    (one, other) => URGENCY[one.latest.kind] - URGENCY[other.latest.kind] || other.times - one.times,
  );
}

export function AlertLine({ model, group, marked = false }: { model: string; group: AlertGroup; marked?: boolean }): ReactElement {
  const { latest, first, times } = group;
  return (
    <li className={marked ? "at" : ""}>
      <span className="soft">
        {latest.kind}
        {latest.column === null ? null : (
          <>
            {" "}
            · <Link to={to.column(model, latest.column)}>{latest.column}</Link>
          </>
        )}
      </span>
      <span>
        {sentenceCase(latest.explanation)}
        <span className="soft small">
          {" "}
          {times === 1 ? period(latest.window) : `${plural(times, "window")} since ${when(first.window.start)}`}
        </span>
      </span>
    </li>
  );
}
