/** The drop, taken apart: each part's bar begins where the one before it ended. */
import type { ReactElement } from "react";

export interface Step {
  /** Where the bar begins and ends, in points. */
  from: number;
  to: number;
  /** The interval of its size; a whisker at its end. */
  interval: [number, number] | null;
  look: "drop" | "cause" | "better" | "rest";
}

/** The points that all bars must fit between; whiskers may be cut. */
export function rangeOf(steps: Step[]): [number, number] {
  const ends = steps.flatMap((step) => [step.from, step.to]);
  const low = Math.min(0, ...ends);
  const high = Math.max(...ends, 1e-9);
  const room = 0.22 * (high - low);
  const whiskers = steps.flatMap((step) => whisker(step) ?? []);
  return [
    Math.max(low - room, Math.min(low, ...whiskers)),
    Math.min(high + room, Math.max(high, ...whiskers)),
  ];
}

/** A part taken off the drop ends where the next begins: its interval lies around that end. */
function whisker(step: Step): [number, number] | null {
  if (step.interval === null) return null;
  const [low, high] = step.interval;
  return [step.from - high, step.from - low];
}

const FILL = { drop: "var(--ink)", cause: "var(--accent)", better: "var(--faint)", rest: "none" };
const HEIGHT = 24;
const TALL = 12;

export function WaterfallBar({ step, range }: { step: Step; range: [number, number] }): ReactElement {
  const [low, high] = range;
  const x = (points: number): number => (100 * (points - low)) / (high - low);
  const begin = Math.min(x(step.from), x(step.to));
  const wide = Math.max(Math.abs(x(step.to) - x(step.from)), 0.4);
  const reach = whisker(step);
  const middle = HEIGHT / 2;
  return (
    <svg viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <line x1={x(0)} x2={x(0)} y1={-12} y2={HEIGHT + 12} stroke="var(--rule)" strokeWidth={1} vectorEffect="non-scaling-stroke" />
      <rect
        x={begin}
        width={wide}
        y={middle - TALL / 2}
        height={TALL}
        fill={FILL[step.look]}
        stroke={step.look === "rest" ? "var(--soft)" : "none"}
        strokeDasharray={step.look === "rest" ? "3 2" : undefined}
        vectorEffect="non-scaling-stroke"
      />
      {reach === null ? null : (
        <line
          x1={x(Math.max(reach[0], low))}
          x2={x(Math.min(reach[1], high))}
          y1={middle}
          y2={middle}
          stroke="var(--ink)"
          strokeWidth={1.25}
          vectorEffect="non-scaling-stroke"
        />
      )}
    </svg>
  );
}
