/** Parallel coordinates: an axis for each name, a line for each run (Inselberg 1985). */
import { useElementSize } from "@mantine/hooks";
import type { ReactElement } from "react";

import { byName, cellText } from "../words";

export interface ParallelLine {
  name: string;
  /** Which of the colours of runs. */
  colour: number;
  /** One for each axis; null is a gap. */
  values: (string | number | null)[];
}

interface Props {
  label: string;
  axes: string[];
  lines: ParallelLine[];
}

const HEIGHT = 250;
const TOP = 34;
const FOOT = 14;
const LEAST_APART = 118;
/** Room for the texts of the first axis, and of the last one. */
const LEFT = 8;
const RIGHT = 84;
/** Positive numbers that span so many times their least lie on a logarithmic axis. */
const WIDE = 50;
const MOST_TEXTS = 14;
const CHARACTERS = 15;

interface Axis {
  /** From 0, the foot, to 1. */
  place: (value: string | number) => number;
  marks: (string | number)[];
}

function numbers(values: number[]): Axis {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const log = low > 0 && high / low >= WIDE;
  const scale = (value: number): number => (log ? Math.log(value) : value);
  const span = scale(high) - scale(low);
  const different = new Set(values);
  return {
    place: (value) => (span === 0 ? 0.5 : (scale(Number(value)) - scale(low)) / span),
    marks: different.size <= MOST_TEXTS / 2 ? Array.from(different) : [low, high],
  };
}

function texts(values: string[]): Axis {
  const all = Array.from(new Set(values)).toSorted(byName);
  return {
    place: (value) => (all.length === 1 ? 0.5 : 1 - all.indexOf(String(value)) / (all.length - 1)),
    marks: all.slice(0, MOST_TEXTS),
  };
}

function axisOf(values: (string | number | null)[]): Axis {
  const there = values.filter((value) => value !== null);
  return there.every((value) => typeof value === "number") ? numbers(there) : texts(there.map(String));
}

const short = (value: string | number): string => {
  const text = cellText(value);
  return text.length > CHARACTERS ? `${text.slice(0, CHARACTERS - 1)}…` : text;
};

/** The stretches of a line between its gaps. */
function stretches(points: ([number, number] | null)[]): string[] {
  const found: [number, number][][] = [[]];
  for (const point of points) {
    if (point === null) found.push([]);
    else found.at(-1)?.push(point);
  }
  return found.filter((part) => part.length > 1).map((part) => part.map(([x, y]) => `${x},${y}`).join(" "));
}

/** Marks that do not lie over one another, from the top. */
function apart(axis: Axis, y: (part: number) => number): (string | number)[] {
  let last = Number.NEGATIVE_INFINITY;
  return axis.marks
    .toSorted((one, other) => axis.place(other) - axis.place(one))
    .filter((mark) => {
      const at = y(axis.place(mark));
      if (at - last < 13) return false;
      last = at;
      return true;
    });
}

export function Parallel({ label, axes, lines }: Props): ReactElement {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const wide = Math.max(width, LEFT + RIGHT + (axes.length - 1) * LEAST_APART);
  const x = (at: number): number => LEFT + (axes.length === 1 ? 0 : (at * (wide - LEFT - RIGHT)) / (axes.length - 1));
  const y = (part: number): number => TOP + (1 - part) * (HEIGHT - TOP - FOOT);
  const scales = axes.map((_, at) => axisOf(lines.map(({ values }) => values[at] ?? null)));
  return (
    <div ref={ref} className="parallel">
      <svg width={wide} height={HEIGHT} role="img" aria-label={label}>
        {axes.map((name, at) => (
          <line key={name} x1={x(at)} x2={x(at)} y1={TOP} y2={HEIGHT - FOOT} />
        ))}
        {lines.map(({ name, colour, values }) =>
          stretches(
            values.map((value, at) => {
              const scale = scales[at];
              return value === null || scale === undefined ? null : [x(at), y(scale.place(value))];
            }),
          ).map((points) => (
            <polyline key={`${name} ${points}`} points={points} style={{ stroke: `var(--run-${colour + 1})` }}>
              <title>{name}</title>
            </polyline>
          )),
        )}
        {scales.map((scale, at) => (
          <g key={axes[at]}>
            <text className="name" x={x(at)} y={14}>
              {short(axes[at] ?? "")}
            </text>
            {apart(scale, y).map((mark) => (
              <text key={mark} x={x(at) + 6} y={y(scale.place(mark)) + 4}>
                {short(mark)}
              </text>
            ))}
          </g>
        ))}
      </svg>
    </div>
  );
}
