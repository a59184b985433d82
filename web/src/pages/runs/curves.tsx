/** One small chart for each metric, of one run or of several; only those near to sight are read. */
import { Button, TextInput } from "@mantine/core";
import { useDebouncedCallback, useIntersection } from "@mantine/hooks";
import { type ReactElement, useCallback, useEffect, useMemo, useRef, useState } from "react";

import type { Curve, RunRow } from "../../api";
import { CurveChart, type Line, type Steps } from "../../charts/curve";
import { smoothed } from "../../charts/smooth";
import { api } from "../../data/paths";
import { invalidate, useAnswers } from "../../data/query";
import { type Url, useUrl } from "../../data/url";
import { Folded } from "../../parts/folded";
import { Section } from "../../parts/page";
import { Empty, Failed } from "../../parts/states";
import { byName, cellText, count, plural } from "../../words";
import { isSystem } from "./said";

/** More metrics than this can be searched. */
const MANY = 6;
const NEAR = "400px";
/** As high as the chart, so that nothing jumps when it comes. */
const PLACE = 190;

/** Where a step lies among those of a curve: the last that is not after it. */
function indexOf({ steps }: Curve, step: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] ?? 0) <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function valueAt(curve: Curve, step: number): string {
  const at = indexOf(curve, step);
  const value = curve.values[at];
  if (value === undefined) return "";
  const [low, high] = [curve.low[at] ?? null, curve.high[at] ?? null];
  const band = low === null || high === null || low === high ? "" : ` (${cellText(low)} to ${cellText(high)})`;
  return `${cellText(value)}${band}`;
}

/** The values at the step that is pointed at, else the last ones. */
function Readout({ lines, step }: { lines: Line[]; step: number | null }): ReactElement {
  const longest = lines.reduce((most, { curve }) => Math.max(most, curve.steps.at(-1) ?? 0), Number.NEGATIVE_INFINITY);
  const alone = lines.length === 1 ? lines[0]?.curve : undefined;
  return (
    <p className="at">
      {lines.map(({ name, colour, curve }) => (
        <span key={name + String(colour)} title={name} style={colour === null ? { color: "var(--ink)" } : { color: `var(--run-${colour + 1})` }}>
          {step === null ? cellText(curve.values.at(-1) ?? null) : valueAt(curve, step)}
        </span>
      ))}
      <span>{step === null ? (Number.isFinite(longest) ? `last, at step ${count(longest)}` : "") : `at step ${count(step)}`}</span>
      {alone !== undefined && step === null ? <span>{count(alone.points)} {alone.points === 1 ? "point" : "points"}</span> : null}
    </p>
  );
}

interface ChartProps {
  metric: string;
  runs: readonly RunRow[];
  /** From 0, not at all, to below 1. */
  smooth: number;
  steps: Steps | null;
  onSteps: (steps: Steps) => void;
}

function Chart({ metric, runs, smooth, steps, onSteps }: ChartProps): ReactElement {
  const [step, setStep] = useState<number | null>(null);
  const having = useMemo(
    () => runs.flatMap((run, at) => (metric in run.metrics ? [{ run, colour: runs.length === 1 ? null : at }] : [])),
    [runs, metric],
  );
  const answers = useAnswers<Curve>(having.map(({ run }) => api.curve(run.id, metric)));
  const lines = useMemo(
    () =>
      having.flatMap(({ run, colour }, at): Line[] => {
        const curve = answers[at]?.data ?? null;
        return curve === null ? [] : [{ name: run.name, colour, curve, smooth: smooth === 0 ? null : smoothed(curve.values, smooth) }];
      }),
    [having, answers, smooth],
  );
  const wrong = answers.find(({ data, failure }) => data === null && failure !== null);
  return (
    <>
      <Readout lines={lines} step={step} />
      {wrong === undefined || wrong.failure === null ? null : <Failed failure={wrong.failure} retry={wrong.retry} />}
      {lines.length > 0 && lines.every(({ curve }) => curve.values.every((value) => value === null)) ? (
        <Empty>No value is a finite number.</Empty>
      ) : lines.length === 0 ? (
        <div style={{ height: PLACE }} aria-busy={wrong === undefined} />
      ) : (
        // How many lines there are is part of how a chart is made.
        <CurveChart key={lines.length} counts={isSystem(metric) ? "seconds" : "steps"} lines={lines} steps={steps} onPoint={setStep} onSteps={onSteps} />
      )}
    </>
  );
}

function Place(props: ChartProps): ReactElement {
  const { ref, entry } = useIntersection<HTMLElement>({ rootMargin: NEAR });
  return (
    <article className="curve" ref={ref} aria-label={props.metric}>
      <h3>{props.metric}</h3>
      {entry?.isIntersecting === true ? <Chart {...props} /> : <div style={{ height: PLACE + 21 }} />}
    </article>
  );
}

/** Curves of runs that go on are read again whenever the runs were. */
function useFresh(runs: readonly RunRow[]): void {
  const before = useRef(runs);
  useEffect(() => {
    const open = before.current.filter((run) => (run.status === "running" || run.status === "unknown") && !runs.includes(run));
    before.current = runs;
    if (open.length === 0) return;
    const paths = open.map(({ id }) => `${api.curves(id)}?`);
    invalidate((path) => paths.some((one) => path.startsWith(one)));
  }, [runs]);
}

/** The machine is measured by seconds: what one looks closer at is no stretch of steps. */
const ignore = (): void => undefined;

function stepsOf(text: string | null): Steps | null {
  const [from, to] = (text ?? "").split("/").map(Number);
  return text !== null && from !== undefined && to !== undefined && from < to ? [from, to] : null;
}

const MOST_SMOOTH = 0.99;
/** How long, in milliseconds, the slider rests before the URL says it. */
const RESTS = 200;

const smoothOf = (text: string | null): number => {
  const value = Number(text);
  return Number.isFinite(value) ? Math.min(Math.max(value, 0), MOST_SMOOTH) : 0;
};

/** How smooth the curves are: at once, and in the URL when the slider rests. */
function useSmooth({ get, set }: Url): [number, (smooth: number) => void] {
  const said = smoothOf(get("smooth"));
  const [own, setOwn] = useState(said);
  const [of, setOf] = useState(said);
  if (of !== said) {
    setOf(said);
    setOwn(said);
  }
  const write = useDebouncedCallback((value: number) => set({ smooth: value === 0 ? null : String(value) }, "replace"), RESTS);
  const change = useCallback(
    (value: number) => {
      setOwn(value);
      write(value);
    },
    [write],
  );
  return [own, change];
}

function Smoothing({ value, onChange }: { value: number; onChange: (value: number) => void }): ReactElement {
  return (
    <label className="smoothing small soft">
      {value === 0 ? "Not smoothed" : `Smoothed by ${value.toFixed(2)}`}
      <input
        type="range"
        aria-label="Smoothing"
        min={0}
        max={MOST_SMOOTH}
        step={0.01}
        value={value}
        onChange={(event) => onChange(Number(event.currentTarget.value))}
      />
    </label>
  );
}

/** The curves of all metrics that the runs have. */
export function Curves({ runs }: { runs: readonly RunRow[] }): ReactElement {
  const url = useUrl();
  const { set } = url;
  const find = url.get("find") ?? "";
  const span = url.get("steps");
  const steps = useMemo(() => stepsOf(span), [span]);
  const onSteps = useCallback(([from, to]: Steps) => set({ steps: `${from}/${to}` }, "replace"), [set]);
  const [smooth, setSmooth] = useSmooth(url);
  useFresh(runs);
  const all = useMemo(() => Array.from(new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)))).toSorted(byName), [runs]);
  const shown = all.filter((name) => name.toLowerCase().includes(find.toLowerCase()));
  const system = shown.filter(isSystem);
  const place = (metric: string): ReactElement => <Place key={metric} metric={metric} runs={runs} smooth={smooth} steps={isSystem(metric) ? null : steps} onSteps={isSystem(metric) ? ignore : onSteps} />;
  const drawn = smooth > 0 ? " Smoothed; the faint lines and the numbers are as logged." : runs.length === 1 ? " A band: extremes of merged points." : "";
  return (
    <Section
      title="Curves"
      says={all.length === 0 ? undefined : `By step. Drag over a stretch to look closer.${drawn}`}
      aside={
        <>
          {all.length === 0 ? null : <Smoothing value={smooth} onChange={setSmooth} />}
          {steps === null ? null : (
            <Button variant="default" size="xs" onClick={() => set({ steps: null }, "replace")}>
              Show all steps
            </Button>
          )}
          {all.length > MANY || find !== "" ? (
            <TextInput
              data-find
              size="xs"
              aria-label="Find a metric"
              placeholder="Find a metric  /"
              value={find}
              onChange={(event) => set({ find: event.currentTarget.value }, "replace")}
              onKeyDown={(event) => {
                if (event.key === "Escape") event.currentTarget.blur();
              }}
            />
          ) : null}
        </>
      }
    >
      {all.length === 0 ? <Empty>No metric has been logged.</Empty> : null}
      {all.length > 0 && shown.length === 0 ? <Empty>No metric fits “{find}”.</Empty> : null}
      <div className="curves">{shown.filter((name) => !isSystem(name)).map(place)}</div>
      {system.length === 0 ? null : (
        <Folded summary={`Of the machine: ${plural(system.length, "metric")}, by seconds since the start`}>
          <div className="curves">{system.map(place)}</div>
        </Folded>
      )}
    </Section>
  );
}
