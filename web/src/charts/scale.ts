/** One axis of parallel coordinates: numbers from the foot up, or texts from the top down. */
import { byName, cellText } from "../words";

export type Value = string | number | null;

/** What is held of an axis: numbers of a stretch, null where it is open; or some of its texts. */
export type Held = { low: number | null; high: number | null } | string[];

export interface Scale {
  /** Null where the axis has numbers; else its texts, from the top. */
  texts: string[] | null;
  log: boolean;
  /** Whether some line has no value here. */
  lacks: boolean;
  /** From 0, the foot, to 1. */
  place: (value: string | number) => number;
  /** The number at a place. */
  at: (place: number) => number;
  marks: (string | number)[];
}

/** Positive numbers that span so many times their least lie on a logarithmic axis. */
const WIDE = 50;
/** All but the tenth at each end must span so much, which uniform numbers from 0 up do not: they span 9. */
const BULK = 12;
const TAIL = 0.1;
/** So few different numbers are marked each. */
const FEW = 7;
/** Ticks on an axis of many numbers, about. */
const TICKS = 5;
/** Where the least positive number of a logarithmic axis lies if there are zeros, at the foot. */
const ABOVE_ZERO = 0.12;
/** Digits that tell a stretch's end from its neighbours. */
const DIGITS = 3;
const MOST_DIGITS = 15;

/** Whole steps of 1, 2 or 5 between two numbers. */
function round(low: number, high: number): number[] {
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((one) => one * power >= rough) ?? 10);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(Math.floor(high / step) - first + 1, 0) }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** The powers of ten between two positive numbers, every second or third of them if there are many. */
function powers(low: number, high: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  const step = Math.max(Math.ceil((last - first) / (TICKS + 1)), 1);
  return Array.from({ length: Math.max(Math.floor((last - first) / step) + 1, 0) }, (_, at) => Number(`1e${first + at * step}`));
}

/** Whether most of the positive numbers span orders of magnitude, rather than a few that lie apart. */
function spreads(values: number[]): boolean {
  const positive = values.filter((value) => value > 0).toSorted((one, other) => one - other);
  const tail = Math.floor(TAIL * positive.length);
  return (positive.at(-1 - tail) ?? 0) / (positive[tail] ?? 1) >= BULK;
}

function numbers(values: number[], lacks: boolean): Scale {
  const sorted = Array.from(new Set(values)).toSorted((one, other) => one - other);
  const [low = 0, high = 0] = [sorted[0], sorted.at(-1)];
  const least = sorted.find((value) => value > 0) ?? high;
  const log = low >= 0 && least > 0 && high / least >= WIDE && spreads(values);
  const [from, until] = log ? [Math.log(least), Math.log(high)] : [low, high];
  const foot = log && low === 0 ? ABOVE_ZERO : 0;
  const span = until - from;
  return {
    texts: null,
    log,
    lacks,
    place: (value) => {
      const number = Number(value);
      if (span === 0) return 0.5;
      if (!log) return (number - from) / span;
      return number === 0 ? 0 : foot + ((1 - foot) * (Math.log(number) - from)) / span;
    },
    at: (place) => {
      const number = from + (span * (place - foot)) / (1 - foot);
      if (!log) return number;
      return place < foot / 2 ? 0 : Math.exp(Math.max(number, from));
    },
    marks: sorted.length <= FEW ? sorted : log ? [...(foot > 0 ? [0] : []), ...powers(least, high)] : round(low, high),
  };
}

function words(values: string[], lacks: boolean): Scale {
  const all = Array.from(new Set(values)).toSorted(byName);
  const places = new Map(all.map((text, at) => [text, all.length === 1 ? 0.5 : 1 - at / (all.length - 1)]));
  return { texts: all, log: false, lacks, place: (value) => places.get(String(value)) ?? 0, at: () => 0, marks: all };
}

/** A number, also one that was given as a text: programs that say all params as texts are many. */
export function numberOf(value: string | number): number | null {
  const number = typeof value === "number" ? value : value.trim() === "" ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : null;
}

export function scaleOf(values: Value[]): Scale {
  const there = values.filter((value) => value !== null);
  const lacks = there.length < values.length;
  const all = there.map(numberOf);
  return all.every((value) => value !== null) ? numbers(all, lacks) : words(there.map(String), lacks);
}

/** What lies between two places of an axis; null where that is nothing or all. */
export function heldOf(scale: Scale, one: number, other: number): Held | null {
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  if (scale.texts !== null) {
    const held = scale.texts.filter((text) => scale.place(text) >= low && scale.place(text) <= high);
    return held.length === 0 || held.length === scale.texts.length ? null : held;
  }
  const [least, most] = [scale.at(0), scale.at(1)];
  const size = Math.max(Math.abs(least), Math.abs(most)) / (most - least);
  const digits = scale.log ? DIGITS : Math.min(Math.max(Math.ceil(Math.log10(size)), 0) + DIGITS, MOST_DIGITS);
  const end = (place: number): number => Number(scale.at(place).toPrecision(digits));
  const held = { low: low <= 0 ? null : end(low), high: high >= 1 ? null : end(high) };
  return (held.low === null && held.high === null) || !Number.isFinite(size) ? null : held;
}

/** The places of what is held, from the lower to the upper. */
export function placesOf(scale: Scale, held: Held): [number, number] {
  if (!Array.isArray(held)) {
    const place = (value: number | null, open: number): number => (value === null ? open : Math.min(Math.max(scale.place(value), 0), 1));
    return [place(held.low, 0), place(held.high, 1)];
  }
  const half = 0.4 / Math.max((scale.texts?.length ?? 1) - 1, 1);
  const places = held.map(scale.place);
  return [Math.max(Math.min(...places) - half, 0), Math.min(Math.max(...places) + half, 1)];
}

export function holds(held: Held, value: Value): boolean {
  if (value === null) return false;
  if (Array.isArray(held)) return held.includes(String(value));
  const number = numberOf(value);
  return number !== null && number >= (held.low ?? Number.NEGATIVE_INFINITY) && number <= (held.high ?? Number.POSITIVE_INFINITY);
}

/** What is held in words: `0.1 to 0.3`, `up to 4`, `adam, sgd`. */
export function heldText(held: Held): string {
  if (Array.isArray(held)) return held.join(", ");
  if (held.low === null) return `up to ${cellText(held.high)}`;
  return held.high === null ? `from ${cellText(held.low)}` : `${cellText(held.low)} to ${cellText(held.high)}`;
}
