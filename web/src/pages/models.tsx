/** Every model in one row: its state, its metric against what is normal, its labels, its incident. */
import { TextInput } from "@mantine/core";
import { type ReactElement, useMemo } from "react";
import { Link, useNavigate } from "react-router";

import type { ModelRow, State } from "../api";
import { api, to } from "../data/paths";
import { useAnswer } from "../data/query";
import { useUrl } from "../data/url";
import { Head, Section } from "../parts/page";
import { Silenced } from "../parts/silenced";
import { Empty, Shown } from "../parts/states";
import { Spark } from "../charts/spark";
import { type Column, Grid } from "../table/grid";
import { byName, count, metricName, metricValue, percent, plural, sentenceCase, stateWord, within } from "../words";
import { FirstRun } from "./first-run";

const URGENCY: Record<State, number> = { failing: 0, blind: 1, waiting: 2, healthy: 3 };

/** The page's first sentence, and what is said below it. */
export function headlineOf(models: ModelRow[]): [string, string | undefined] {
  const failing = models.filter((one) => one.state === "failing");
  const healthy = models.filter((one) => one.state === "healthy");
  const rest = models.length - failing.length - healthy.length;
  const [first] = failing;
  const unjudged = rest === 0 ? undefined : `Of ${plural(rest, "model")} nothing can be said yet.`;
  if (first !== undefined && failing.length === 1) {
    const of = models.length === 1 ? "is failing" : `is failing, of ${plural(models.length, "model")}`;
    return [`${first.name} ${of}.`, sentenceCase(first.sentence)];
  }
  if (failing.length > 1) {
    const names = failing.map((one) => one.name).join(", ");
    return [`${failing.length} of ${plural(models.length, "model")} are failing: ${names}.`, unjudged];
  }
  if (rest === 0) return [models.length === 1 ? `${models[0]?.name ?? ""} is healthy.` : `All ${models.length} models are healthy.`, undefined];
  return ["No model is known to fail.", unjudged];
}

const COLUMNS: Column<ModelRow>[] = [
  {
    id: "name",
    head: "Model",
    value: (row) => row.name,
    className: "who wide",
    cell: (row) => (
      <>
        <Link to={to.model(row.name)}>{row.name}</Link>
        <div className={`state small ${row.state}`}>{stateWord(row.state)}</div>
        <Silenced model={row.name} />
      </>
    ),
  },
  {
    id: "value",
    head: "Last window",
    means: "the metric in the last window that has labels, and what is normal there",
    value: (row) => row.value,
    number: true,
    cell: (row) => (
      <>
        <span className="big">{metricValue(row.metric, row.value)}</span>
        <div className="soft small">
          {row.expected === null ? (row.metric === null ? "" : metricName(row.metric)) : `normal ${metricValue(row.metric, row.expected)}`}
        </div>
      </>
    ),
  },
  {
    id: "recent",
    head: "Recently",
    className: "spark",
    cell: (row) => (
      <Spark
        label={`${metricName(row.metric)} of ${row.name} in the last ${row.recent.length} windows`}
        values={row.recent}
        expected={row.expected}
        failing={row.state === "failing"}
      />
    ),
  },
  {
    id: "rows",
    head: "Rows",
    means: "predictions in the last window",
    label: "rows",
    value: (row) => row.rows,
    number: true,
    cell: (row) => count(row.rows),
  },
  {
    id: "labelled",
    head: "Labels",
    means: "the share of rows with a label, and how long nearly all labels take",
    label: "labels",
    value: (row) => row.labelled,
    number: true,
    cell: (row) => (
      <>
        {percent(row.labelled)}
        <div className="soft small">{row.delay === null ? "" : within(row.delay)}</div>
      </>
    ),
  },
  {
    id: "story",
    head: "What is going on",
    className: "story wide",
    cell: (row) =>
      row.incident === null ? (
        <span className="soft">{sentenceCase(row.sentence)}</span>
      ) : (
        <Link to={to.incident(row.name, row.incident.incident.id)} className="plain">
          {sentenceCase(row.incident.sentence)}
        </Link>
      ),
  },
];

function Table({ models }: { models: ModelRow[] }): ReactElement {
  const url = useUrl();
  const go = useNavigate();
  const find = url.get("find") ?? "";
  const shown = useMemo(() => {
    const wanted = find.toLowerCase();
    return models
      .filter((one) => `${one.name} ${stateWord(one.state)} ${one.sentence}`.toLowerCase().includes(wanted))
      .toSorted((one, other) => URGENCY[one.state] - URGENCY[other.state] || byName(one.name, other.name));
  }, [models, find]);
  const [headline, standfirst] = headlineOf(models);
  return (
    <>
      <Head title="" headline={headline} {...(standfirst === undefined ? {} : { standfirst })} />
      <Section
        title="Models"
        aside={
          models.length > 3 || find !== "" ? (
            <TextInput
              data-find
              size="xs"
              aria-label="Find a model"
              placeholder="Find a model  /"
              value={find}
              onChange={(event) => url.set({ find: event.currentTarget.value }, "replace")}
              onKeyDown={(event) => {
                if (event.key === "Escape") event.currentTarget.blur();
              }}
            />
          ) : undefined
        }
      >
        {shown.length === 0 ? (
          <Empty>No model fits “{find}”.</Empty>
        ) : (
          <Grid
            label="Models"
            className="models stacked"
            rows={shown}
            columns={COLUMNS}
            rowHeight={72}
            sort={url.get("sort")}
            onSort={(sort) => url.set({ sort }, "replace")}
            onOpen={(row) => void go(row.incident === null ? to.model(row.name) : to.incident(row.name, row.incident.incident.id))}
            keys
          />
        )}
      </Section>
    </>
  );
}

export function ModelsPage(): ReactElement {
  const models = useAnswer<ModelRow[]>(api.models);
  return (
    <Shown answer={models} whole>{(all) => (all.length === 0 ? <FirstRun /> : <Table models={all} />)}</Shown>
  );
}
