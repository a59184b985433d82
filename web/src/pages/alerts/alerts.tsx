/** What crossed its line in the last windows, by model. */
import { SegmentedControl, TextInput } from "@mantine/core";
import { type ReactElement, useMemo } from "react";
import { Link, useNavigate } from "react-router";

import type { Alert, ModelRow, OpenAlert } from "../../api";
import { api, to } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { useUrl } from "../../data/url";
import { AlertLine, type AlertGroup, groupAlerts } from "../../parts/alerts";
import { useCursor } from "../../parts/keys";
import { Head, Section } from "../../parts/page";
import { Silenced } from "../../parts/silenced";
import { Empty, Shown } from "../../parts/states";
import { byName, plural, sentenceCase } from "../../words";
import { Channels } from "./channels";
import { Messages } from "./messages";
import { Silences } from "./silences";

const KINDS: Alert["kind"][] = ["performance", "quality", "volume", "drift"];

interface OfModel {
  model: string;
  groups: AlertGroup[];
}

function byModel(alerts: OpenAlert[]): OfModel[] {
  const models = Map.groupBy(alerts, (one) => one.model);
  return [...models]
    .map(([model, all]) => ({ model, groups: groupAlerts(all.map((one) => one.alert)) }))
    .toSorted((one, other) => byName(one.model, other.model));
}

function headline(alerts: OpenAlert[]): string {
  if (alerts.length === 0) return "Nothing crossed its line in the last windows.";
  const models = new Set(alerts.map((one) => one.model)).size;
  const performance = alerts.filter((one) => one.alert.kind === "performance").length;
  const where = models === 1 ? `the last window of ${alerts[0]?.model ?? ""}` : `the last windows of ${models} models`;
  const about = performance === 0 ? "" : `, ${performance} about performance`;
  return `${plural(alerts.length, "alert")} in ${where}${about}.`;
}

/** What is wrong now, above the signals of it. */
function OpenIncidents(): ReactElement {
  const models = useAnswer<ModelRow[]>(api.models);
  const open = (models.data ?? []).flatMap(({ incident, others }) => (incident === null ? [] : [incident].concat(others)));
  return (
    <>
      {open.map(({ model, incident, sentence }) => (
        <span key={`${model} ${incident.id}`} style={{ display: "block", marginBottom: "0.4rem" }}>
          <span className="state failing">{model}</span>
          <Silenced model={model} />:{" "}
          <Link to={to.incident(model, incident.id)}>{sentenceCase(sentence)}</Link>
        </span>
      ))}
      <span className="soft">
        Drift, quality and volume are shown, and are evidence; only performance opens an incident.
      </span>
    </>
  );
}

function List({ alerts }: { alerts: OpenAlert[] }): ReactElement {
  const url = useUrl();
  const go = useNavigate();
  const kind = url.get("kind") ?? "all";
  const find = url.get("find") ?? "";
  const shown = useMemo(() => {
    const wanted = find.toLowerCase();
    return byModel(
      alerts.filter(
        ({ model, alert }) =>
          (kind === "all" || alert.kind === kind) &&
          `${model} ${alert.column ?? ""} ${alert.explanation}`.toLowerCase().includes(wanted),
      ),
    );
  }, [alerts, kind, find]);
  const flat = useMemo(() => shown.flatMap(({ model, groups }) => groups.map((group) => ({ model, group }))), [shown]);
  const cursor = useCursor(flat.length, (at) => {
    const one = flat[at];
    if (one === undefined) return;
    const { column } = one.group.latest;
    void go(column === null ? to.model(one.model) : to.column(one.model, column));
  });
  const marked = flat[cursor.at];
  return (
    <>
      <Head
        title="Alerts"
        headline={headline(alerts)}
        standfirst={<OpenIncidents />}
      />
      {alerts.length === 0 ? null : (
        <div className="deeds" style={{ marginTop: "1.75rem" }}>
          <SegmentedControl
            size="xs"
            aria-label="Kind"
            value={kind}
            onChange={(next) => url.set({ kind: next === "all" ? null : next }, "replace")}
            data={["all", ...KINDS]}
          />
          <TextInput
            data-find
            size="xs"
            aria-label="Find an alert"
            placeholder="Find an alert  /"
            value={find}
            onChange={(event) => url.set({ find: event.currentTarget.value }, "replace")}
            onKeyDown={(event) => {
              if (event.key === "Escape") event.currentTarget.blur();
            }}
          />
        </div>
      )}
      {alerts.length > 0 && shown.length === 0 ? <Empty>No alert fits.</Empty> : null}
      {shown.map(({ model, groups }) => (
        <Section key={model} title={model} says={
            <>
              <Link to={to.model(model)}>See the model</Link>
              <Silenced model={model} />
            </>
          }>
          <ul className="lines">
            {groups.map((group) => (
              <AlertLine
                key={group.key}
                model={model}
                group={group}
                marked={marked?.model === model && marked.group.key === group.key}
              />
            ))}
          </ul>
        </Section>
      ))}
    </>
  );
}

export function AlertsPage(): ReactElement {
  const alerts = useAnswer<OpenAlert[]>(api.alerts);
  return (
    <Shown answer={alerts} whole>
      {(all) => (
        <>
          <List alerts={all} />
          <Silences />
          <Channels />
          <Messages />
        </>
      )}
    </Shown>
  );
}
