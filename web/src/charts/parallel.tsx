/**
 * Parallel coordinates: an axis for each name, a line for each run (Inselberg 1985).
 *
 * Lines of one colour are one path, so that thousands of them cost no more than a few; which one
 * the pointer is at is counted from their places.
 */
import { useElementSize } from "@mantine/hooks";
import { type PointerEvent, type ReactElement, useMemo, useState } from "react";

import { Sideways } from "../parts/sideways";
import { cellText } from "../words";
import { Brush } from "./brush";
import { type Held, holds, placesOf, type Scale, scaleOf, type Value } from "./scale";

export interface ParallelLine {
  name: string;
  /** As CSS has it. */
  colour: string;
  /** One for each axis; null where there is none. */
  values: Value[];
}

interface Props {
  label: string;
  axes: string[];
  lines: ParallelLine[];
  height?: number;
  /** What is held of each axis; the lines of others stand back. */
  held?: (Held | null)[];
  /** Dragging along an axis holds what lies there; null frees it. */
  onHeld?: (axis: number, held: Held | null) => void;
  onOpen?: (line: number) => void;
}

const HEIGHT = 250;
const TOP = 34;
const FOOT = 14;
/** Where lines pass that have no value on an axis, below its foot. */
const NONE = 26;
const LEAST_APART = 118;
/** Room for the texts of the first axis, and of the last one. */
const LEFT = 12;
const RIGHT = 84;
const CHARACTERS = 15;
/** Pixels from a line at which it is pointed at. */
const NEAR = 7;
/** Up to so many lines are drawn strong. */
const FEW = 12;

const short = (value: string | number): string => {
  const text = cellText(value);
  return text.length > CHARACTERS ? `${text.slice(0, CHARACTERS - 1)}…` : text;
};

/** Marks that do not lie over one another, from the top. */
function apart(scale: Scale, y: (part: number) => number): (string | number)[] {
  let last = Number.NEGATIVE_INFINITY;
  return scale.marks
    .toSorted((one, other) => scale.place(other) - scale.place(one))
    .filter((mark) => {
      const at = y(scale.place(mark));
      if (at - last < 13) return false;
      last = at;
      return true;
    });
}

/** Lines of one colour as one path. */
function pathsOf(heights: number[][], x: (at: number) => number, lines: ParallelLine[], shown: (line: number) => boolean): Map<string, string> {
  const found = new Map<string, string[]>();
  for (const [at, { colour }] of lines.entries()) {
    if (!shown(at)) continue;
    const path = (heights[at] ?? []).map((y, axis) => `${axis === 0 ? "M" : "L"}${x(axis).toFixed(1)} ${y.toFixed(1)}`).join("");
    const paths = found.get(colour);
    if (paths === undefined) found.set(colour, [path]);
    else paths.push(path);
  }
  // The colour of the fewest lies over the others.
  const sorted = Array.from(found).toSorted(([, one], [, other]) => other.length - one.length);
  return new Map(sorted.map(([colour, paths]) => [colour, paths.join("")]));
}

/** The line nearest to a point, if one is near. */
function nearest(heights: number[][], apartBy: number, left: number, top: number, shown: (line: number) => boolean): number | null {
  const axis = Math.max(Math.floor((left - LEFT) / apartBy), 0);
  const part = (left - LEFT) / apartBy - axis;
  let best: number | null = null;
  let least = NEAR;
  for (const [at, line] of heights.entries()) {
    const [from, until] = [line[axis] ?? Number.NaN, line[axis + 1] ?? Number.NaN];
    const far = Math.abs(from + part * (until - from) - top);
    if (far < least && shown(at)) [best, least] = [at, far];
  }
  return best;
}

export function Parallel({ label, axes, lines, height = HEIGHT, held, onHeld, onOpen }: Props): ReactElement {
  const { ref, width } = useElementSize<HTMLElement>();
  const [over, setOver] = useState<number | null>(null);
  const scales = useMemo(() => axes.map((_, at) => scaleOf(lines.map(({ values }) => values[at] ?? null))), [axes, lines]);
  const wide = Math.max(width, LEFT + RIGHT + (axes.length - 1) * LEAST_APART);
  const apartBy = axes.length === 1 ? 0 : (wide - LEFT - RIGHT) / (axes.length - 1);
  const bottom = height - FOOT - (scales.some(({ lacks }) => lacks) ? NONE : 0);
  const x = (at: number): number => LEFT + at * apartBy;
  const y = (part: number): number => TOP + (1 - part) * (bottom - TOP);
  const heights = useMemo(
    () =>
      lines.map(({ values }) =>
        scales.map(({ place }, at) => {
          const value = values[at] ?? null;
          return value === null ? bottom + NONE : TOP + (1 - place(value)) * (bottom - TOP);
        }),
      ),
    [lines, scales, bottom],
  );
  const inside = useMemo(
    () => lines.map(({ values }) => (held ?? []).every((one, at) => one === null || holds(one, values[at] ?? null))),
    [lines, held],
  );
  const [behind, before] = useMemo(() => {
    const left = (at: number): number => LEFT + at * apartBy;
    return [pathsOf(heights, left, lines, (at) => inside[at] === false), pathsOf(heights, left, lines, (at) => inside[at] !== false)];
  }, [heights, apartBy, lines, inside]);
  const point = (event: PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    setOver(nearest(heights, apartBy, event.clientX - box.left, event.clientY - box.top, (at) => inside[at] !== false));
  };
  const pointed = over === null ? undefined : lines[over];
  const opens = pointed !== undefined && onOpen !== undefined;
  return (
    <>
      <Sideways label={label} className="parallel" place={ref}>
        {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- the table below has every run as a link */}
        <svg
          width={wide}
          height={height}
          role="img"
          aria-label={label}
          className={`${opens ? "opens" : ""} ${lines.length > FEW ? "many" : ""}`}
          onPointerMove={point}
          onPointerLeave={() => setOver(null)}
          onClick={() => {
            if (over !== null) onOpen?.(over);
          }}
        >
          <path className="behind" d={Array.from(behind.values()).join("")} />
          <g className={pointed === undefined ? "lines" : "lines pale"}>
            {Array.from(before, ([colour, path]) => (
              <path key={colour} d={path} style={{ stroke: colour }} />
            ))}
          </g>
          {pointed === undefined || over === null ? null : <path className="over" d={heights[over]?.map((top, at) => `${at === 0 ? "M" : "L"}${x(at)} ${top}`).join("")} style={{ stroke: pointed.colour }} />}
          {scales.map((scale, at) => (
            <g key={axes[at]}>
              <line x1={x(at)} x2={x(at)} y1={TOP} y2={bottom} />
              <text className="name" x={at === 0 ? 0 : x(at)} y={14}>
                {short(axes[at] ?? "")}
                {scale.log ? <tspan className="log"> log</tspan> : null}
                <title>{axes[at]}</title>
              </text>
              {apart(scale, y).map((mark) => (
                <text key={mark} x={x(at) + 7} y={y(scale.place(mark)) + 4}>
                  {short(mark)}
                </text>
              ))}
              {scale.lacks ? (
                <text x={x(at) + 7} y={bottom + NONE + 4}>
                  none
                </text>
              ) : null}
              {onHeld === undefined ? null : (
                <Brush name={axes[at] ?? ""} scale={scale} x={x(at)} top={TOP} bottom={bottom} places={held?.[at] === null || held?.[at] === undefined ? null : placesOf(scale, held[at])} onHeld={(next) => onHeld(at, next)} />
              )}
            </g>
          ))}
        </svg>
      </Sideways>
      <p className="pointed small" aria-live="off">
        {pointed === undefined ? null : (
          <>
            <b>{pointed.name}</b> {/* What it led to stands last, and is what one wants first. */}
            {axes.map((name, at) => `${name} ${cellText(pointed.values[at] ?? null)}`).toReversed().join(" · ")}
          </>
        )}
      </p>
    </>
  );
}
