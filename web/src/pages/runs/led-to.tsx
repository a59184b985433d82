/** What the params led to: those that differ, and one metric, a line for each run. */
import { Select } from "@mantine/core";
import { type ReactElement, useMemo } from "react";

import type { RunRow } from "../../api";
import { Parallel, type ParallelLine } from "../../charts/parallel";
import { useUrl } from "../../data/url";
import { Section } from "../../parts/page";
import { cellText } from "../../words";
import { paramText } from "./said";

/** More axes are no picture. */
const MOST_AXES = 12;

interface Props {
  runs: RunRow[];
  /** Params that differ. */
  params: string[];
  metrics: string[];
}

/** Which run has the largest and which the least, in words. */
function saysOf(runs: RunRow[], metric: string): string {
  const having = runs.flatMap((run) => {
    const value = run.metrics[metric] ?? null;
    return value === null ? [] : [{ name: run.name, value }];
  });
  const sorted = having.toSorted((one, other) => other.value - one.value);
  const [largest, least] = [sorted[0], sorted.at(-1)];
  if (largest === undefined || least === undefined) return `None has ${metric}.`;
  if (largest.value === least.value) return `${metric} is ${cellText(largest.value)} of all that have it.`;
  return `${metric} is largest in ${largest.name}, ${cellText(largest.value)}, and least in ${least.name}, ${cellText(least.value)}.`;
}

export function LedTo({ runs, params, metrics }: Props): ReactElement | null {
  const { get, set } = useUrl();
  const asked = get("metric");
  const metric = asked !== null && metrics.includes(asked) ? asked : (metrics.find((name) => new Set(runs.map((run) => run.metrics[name] ?? null)).size > 1) ?? metrics[0]);
  const axes = useMemo(() => params.slice(0, MOST_AXES), [params]);
  const lines = useMemo(
    () =>
      runs.map((run, colour): ParallelLine => {
        const given = axes.map((name) => {
          const value = run.params[name];
          return value === undefined ? null : typeof value === "number" ? value : paramText(value);
        });
        return { name: run.name, colour: `var(--run-${colour + 1})`, values: [...given, metric === undefined ? null : (run.metrics[metric] ?? null)] };
      }),
    [runs, axes, metric],
  );
  if (metric === undefined || params.length === 0 || runs.length < 2) return null;
  return (
    <Section
      title="What they led to"
      says={`${saysOf(runs, metric)}${params.length > MOST_AXES ? ` The first ${MOST_AXES} params are drawn.` : ""}`}
      aside={
        <Select size="xs" aria-label="Metric" data={metrics} value={metric} searchable allowDeselect={false} onChange={(value) => set({ metric: value }, "replace")} />
      }
    >
      <Parallel label={`${axes.join(", ")} and ${metric} of ${runs.map(({ name }) => name).join(", ")}`} axes={[...axes, metric]} lines={lines} />
    </Section>
  );
}
