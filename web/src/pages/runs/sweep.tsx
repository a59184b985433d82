/** The runs of the table as parallel coordinates: what they were given, and what it led to. */
import { Select } from "@mantine/core";
import { type ReactElement, useCallback, useMemo } from "react";
import { useNavigate } from "react-router";

import type { RunPage, RunRow } from "../../api";
import { Parallel, type ParallelLine } from "../../charts/parallel";
import { type Held, heldText, holds, scaleOf, type Value } from "../../charts/scale";
import { api, to } from "../../data/paths";
import { useAnswers } from "../../data/query";
import type { Url } from "../../data/url";
import { Empty, Failed, Loading } from "../../parts/states";
import { cellText, count, plural } from "../../words";
import { type HeldOf, readHeld, saidOf } from "./held";
import { isSystem, nameOf, textsOf } from "./said";

/** Runs that are drawn at most; the filter finds others. */
export const MOST_DRAWN = 2000;
/** Runs that the server gives at once. */
const PAGE = 1000;
/** More axes are no picture. */
const MOST_AXES = 16;
const HEIGHT = 330;
/** So many colours from the least to the largest. */
const SHADES = 24;
const LATEST = "-started";
/** The colour of runs that lack what colours the others. */
const LACKING = "var(--faint)";

const METRIC = "metrics.";

function valueOf(run: RunRow, id: string): Value {
  const name = nameOf(id);
  if (id.startsWith(METRIC)) return run.metrics[name] ?? null;
  const value = run.params[name];
  if (value === undefined) return null;
  return typeof value === "number" ? value : (textsOf(value)[0] ?? null);
}

/** Which columns are axes: params that vary, metrics that are there; the one that colours is last. */
function axesOf(runs: RunRow[], shown: string[], colour: string | null): string[] {
  const values = (id: string): Set<Value> => new Set(runs.map((run) => valueOf(run, id)));
  const params = shown.filter((id) => !id.startsWith(METRIC) && values(id).size > 1);
  const metrics = shown.filter((id) => id.startsWith(METRIC) && id !== colour && runs.some((run) => valueOf(run, id) !== null));
  return [...params, ...metrics].slice(0, MOST_AXES - 1).concat(colour === null ? [] : [colour]);
}

/** A colour for each run, from that of the least value to that of the largest. */
function coloursOf(values: Value[]): string[] {
  const { place } = scaleOf(values);
  return values.map((value) =>
    value === null ? LACKING : `color-mix(in oklch, var(--run-2) ${Math.round((100 * Math.round(SHADES * place(value))) / SHADES)}%, var(--run-1))`,
  );
}

function Key({ name, values }: { name: string; values: Value[] }): ReactElement | null {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length === 0) return null;
  const [low, high] = numbers.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  return (
    <span className="ramp small soft">
      {name} {cellText(low)} <i aria-hidden="true" /> {cellText(high)}
      {scaleOf(values).log ? ", logarithmic" : ""}
    </span>
  );
}

interface PictureProps {
  runs: RunRow[];
  /** Of the runs that fit the filter. */
  total: number;
  metrics: string[];
  shown: string[];
  url: Url;
  said: string[];
  changeSaid: (change: (before: string[]) => string[]) => void;
}

function Picture({ runs, total, metrics, shown, url, said, changeSaid }: PictureProps): ReactElement | null {
  const go = useNavigate();
  const asked = url.get("colour");
  const usual = shown.find((id) => id.startsWith(METRIC) && new Set(runs.map((run) => valueOf(run, id))).size > 1);
  const colour = asked !== null && metrics.includes(nameOf(asked)) ? asked : (usual ?? null);
  const axes = useMemo(() => axesOf(runs, shown, colour), [runs, shown, colour]);
  const names = useMemo(() => axes.map(nameOf), [axes]);
  const coloured = useMemo(() => runs.map((run) => (colour === null ? null : valueOf(run, colour))), [runs, colour]);
  const lines = useMemo(() => {
    const colours = coloursOf(coloured);
    return runs.map((run, at): ParallelLine => ({ name: run.name, colour: colours[at] ?? LACKING, values: axes.map((id) => valueOf(run, id)) }));
  }, [runs, axes, coloured]);
  const all = useMemo(() => said.flatMap((text) => readHeld(text) ?? []), [said]);
  const held = useMemo(() => axes.map((id) => all.find((one) => one.id === id)?.held ?? null), [axes, all]);
  const hold = useCallback(
    (axis: number, next: Held | null) => {
      const id = axes[axis] ?? "";
      changeSaid((before) => [...before.filter((text) => readHeld(text)?.id !== id), ...(next === null ? [] : [saidOf({ id, held: next })])]);
    },
    [axes, changeSaid],
  );
  const inside = useMemo(() => runs.filter((run) => all.every((one) => holds(one.held, valueOf(run, one.id)))).length, [runs, all]);
  if (runs.length === 0) return null; // the table says so
  if (runs.length === 1) return <Empty>One run fits; parallel coordinates set two or more beside each other.</Empty>;
  if (axes.length < 2) return <Empty>The chosen columns have nothing in which these runs differ; choose more under Columns.</Empty>;
  const cut = total > runs.length ? `The first ${count(runs.length)} of ${plural(total, "run")} are drawn, in the order of the table; a filter finds others.` : `All ${plural(runs.length, "run")} are drawn.`;
  const fewer = shown.length > axes.length && axes.length === MOST_AXES ? ` ${MOST_AXES} of the chosen columns are axes.` : "";
  return (
    <div className="sweep">
      <div className="spread">
        <p className="small soft">
          {cut}
          {fewer} Drag along an axis to keep what lies there.
        </p>
        <span className="spread">
          {colour === null ? null : <Key name={nameOf(colour)} values={coloured} />}
          <Select
            size="xs"
            aria-label="Colour by"
            data={metrics.map((name) => ({ value: METRIC + name, label: `colour by ${name}` }))}
            value={colour}
            searchable
            allowDeselect={false}
            onChange={(value) => url.set({ colour: value }, "replace")}
          />
        </span>
      </div>
      <Parallel label={`${names.join(", ")} of ${plural(runs.length, "run")}`} axes={names} lines={lines} height={HEIGHT} held={held} onHeld={hold} onOpen={(at) => void go(to.run(runs[at]?.id ?? ""))} />
      {all.length === 0 ? null : <Kept all={all} inside={inside} drawn={runs.length} onFree={(id) => changeSaid((before) => (id === null ? [] : before.filter((text) => readHeld(text)?.id !== id)))} />}
    </div>
  );
}

interface KeptProps {
  all: HeldOf[];
  inside: number;
  drawn: number;
  /** Null frees all. */
  onFree: (id: string | null) => void;
}

/** What is held, in words, and how it is freed. */
function Kept({ all, inside, drawn, onFree }: KeptProps): ReactElement {
  return (
    <p className="small ways">
      <span>
        {count(inside)} of {plural(drawn, "line")} kept; the table shows the runs with
      </span>
      {all.map(({ id, held }) => (
        <button key={id} type="button" className="linkish" aria-label={`Free ${nameOf(id)}`} onClick={() => onFree(id)}>
          {nameOf(id)} {heldText(held)} ×
        </button>
      ))}
      {all.length > 1 ? (
        <button type="button" className="linkish" onClick={() => onFree(null)}>
          Free all
        </button>
      ) : null}
    </p>
  );
}

interface Props {
  project: string | null;
  where: string | null;
  sort: string;
  /** Of the runs that fit the filter. */
  found: RunPage;
  /** The columns of the table. */
  shown: string[];
  url: Url;
  said: string[];
  changeSaid: (change: (before: string[]) => string[]) => void;
}

export function Sweep({ project, where, sort, found, shown, url, said, changeSaid }: Props): ReactElement {
  const { total } = found;
  // All of them are the same in any order: another sorting reads nothing anew.
  const order = total > MOST_DRAWN ? sort : LATEST;
  const paths = useMemo(
    () => Array.from({ length: Math.ceil(Math.min(total, MOST_DRAWN) / PAGE) }, (_, at) => api.runs({ project, where, sort: order, offset: at * PAGE, limit: PAGE })),
    [project, where, order, total],
  );
  const answers = useAnswers<RunPage>(paths);
  // A run that began between two pages would stand on both.
  const runs = useMemo(() => Array.from(new Map(answers.flatMap(({ data }) => data?.runs ?? []).map((run) => [run.id, run])).values()), [answers]);
  const metrics = useMemo(() => found.metrics.toSorted((one, other) => Number(isSystem(one)) - Number(isSystem(other))), [found.metrics]);
  const wrong = answers.find(({ data, failure }) => data === null && failure !== null);
  if (wrong !== undefined && wrong.failure !== null) return <Failed failure={wrong.failure} retry={wrong.retry} />;
  if (answers.some(({ loading }) => loading)) return <Loading />;
  return <Picture runs={runs} total={total} metrics={metrics} shown={shown} url={url} said={said} changeSaid={changeSaid} />;
}
