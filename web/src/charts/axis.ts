/** What the charts over time share: one time axis in UTC, and marks on it. */
import type uPlot from "uplot";

import type { Milliseconds } from "../api";
import { when } from "../words";
import type { Palette } from "./plot";

/** Room for the scale at the right; the heat map keeps it free too, so that times line up. */
export const SCALE_WIDTH = 52;
export const TIME_HEIGHT = 26;
const LABEL_HALF = 20;
const LABEL_ROOM = 80;

/** From the first window's start to the last one's end. */
export interface Extent {
  from: Milliseconds;
  to: Milliseconds;
}

/** The usual distance of two starts, the length of the last window. */
export function stepOf(start: Milliseconds[]): number {
  const steps = start
    .slice(1)
    .map((at, index) => at - (start[index] ?? at))
    .toSorted((one, other) => one - other);
  return steps[Math.floor(steps.length / 2)] ?? 86_400_000;
}

export function extentOf(start: Milliseconds[]): Extent {
  const from = start[0] ?? 0;
  return { from, to: (start.at(-1) ?? from) + stepOf(start) };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = 86_400_000;

/** Ticks as a calendar says them: the year where it begins, months by name, days by number. */
export function ticks(_: uPlot, splits: number[]): string[] {
  let year = -1;
  let month = "";
  return splits.map((split) => {
    const at = new Date(split);
    const named = MONTHS[at.getUTCMonth()] ?? "";
    const newYear = year !== at.getUTCFullYear();
    const newMonth = newYear || month !== named;
    year = at.getUTCFullYear();
    month = named;
    if (split % DAY !== 0) return at.toISOString().slice(11, 16);
    if (at.getUTCDate() === 1) return at.getUTCMonth() === 0 ? `${year}` : named;
    return newMonth ? `${at.getUTCDate()} ${named}` : `${at.getUTCDate()}`;
  });
}

const WIDE = [1, 2, 4, 7, 14];

/** Ticks on whole days, months or years (or hours), about one for each 80 pixels. */
export function calendar(from: Milliseconds, to: Milliseconds, most: number): Milliseconds[] {
  const days = (to - from) / DAY;
  const found: Milliseconds[] = [];
  if (days / most < 0.9) {
    const hours = [1, 3, 6, 12, 24].find((step) => (days * 24) / step <= most) ?? 24;
    const step = hours * 3_600_000;
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
    return found;
  }
  const step = WIDE.find((one) => days / one <= most);
  if (step !== undefined) {
    const monday = 4 * DAY; // 1970-01-05
    const origin = step % 7 === 0 ? monday : 0;
    let at = Math.ceil((from - origin) / (step * DAY)) * step * DAY + origin;
    for (; at <= to; at += step * DAY) found.push(at);
    return found;
  }
  const months = [1, 2, 3, 6, 12, 24, 60].find((one) => days / 30.4 / one <= most) ?? 120;
  const first = new Date(from);
  let index = Math.ceil((first.getUTCFullYear() * 12 + first.getUTCMonth() + 0.001) / months) * months;
  for (;;) {
    const at = Date.UTC(Math.floor(index / 12), index % 12, 1);
    if (at > to) return found;
    if (at >= from) found.push(at);
    index += months;
  }
}

/** The time axis; `shown` false keeps its grid only. */
export function timeAxis(colours: Palette, shown: boolean): uPlot.Axis {
  return {
    stroke: colours.soft,
    font: "12px system-ui, sans-serif",
    grid: { show: false },
    ticks: { show: shown, stroke: colours.rule, width: 1, size: 4 },
    border: { show: true, stroke: colours.rule, width: 1 },
    size: shown ? TIME_HEIGHT : 2,
    gap: 3,
    splits: (chart, _, low, high) => {
      const wide = chart.bbox.width / devicePixelRatio;
      const edge = ((high - low) * LABEL_HALF) / wide; // a label nearer to it would be cut
      return calendar(low, high, Math.max(2, wide / LABEL_ROOM)).filter((at) => at > low + edge);
    },
    values: shown ? ticks : (_, splits) => splits.map(() => ""),
  };
}

export function scaleAxis(colours: Palette, values: (value: number) => string): uPlot.Axis {
  return {
    side: 1,
    size: SCALE_WIDTH,
    stroke: colours.soft,
    font: "12px system-ui, sans-serif",
    grid: { stroke: colours.rule, width: 1 },
    ticks: { show: false },
    gap: 6,
    space: 34,
    values: (_, splits) => splits.map(values),
  };
}

/** Say a window's start, for a readout. */
export const windowName = (start: Milliseconds): string => when(start);
