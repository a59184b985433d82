/**
 * A metric's values and points, slices, times and causes as a tired person reads them:
 * the same words as the command line's (`whence/why/words.py`).
 */
import type { ActionKind, Condition, EventKind, Slice, State, Time, Window } from "./api";

const SHARES = new Set(["accuracy"]);
export const MINUS = "−";

/** Whether the metric is a share, shown in percent. */
export const isShare = (metric: string | null): boolean => metric !== null && SHARES.has(metric);

const NAMES: Record<string, string> = { mae: "mean absolute error", brier: "Brier score" };

/** A metric in words; `metric` where there is none yet. */
export const metricName = (metric: string | null): string => (metric === null ? "metric" : (NAMES[metric] ?? metric));

const SHORT: Record<string, string> = { mae: "MAE" };

/** A metric in few letters, over a column of numbers. */
export const metricShort = (metric: string | null): string => (metric === null ? "loss" : (SHORT[metric] ?? metricName(metric)));

/** A number with at most four significant digits, as Python's `:.4g`. */
export function general(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size >= 1e6 || size < 1e-4 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
  return text.replace("-", MINUS);
}

/** Of a Brier score, which lies between 0 and 1: what is smaller does not matter. */
const DECIMALS = 5;

/** A value or points of a metric that is no share. */
const plainly = (metric: string | null, value: number): string =>
  metric === "brier" ? String(Number(Number(value.toPrecision(4)).toFixed(DECIMALS))).replace("-", MINUS) : general(value);

/** A metric's value with its unit: `78.6 %`, `0.0412`. */
export function metricValue(metric: string | null, value: number | null): string {
  if (value === null) return "–";
  return isShare(metric) ? `${(100 * value).toFixed(1)} %` : plainly(metric, value);
}

/** Points without their unit: `11.8`, `0.0412`. */
export function bare(metric: string | null, points: number): string {
  const text = isShare(metric) ? (100 * points).toFixed(1) : plainly(metric, points);
  return text.replace("-", MINUS).replace(/^−0\.0$/, "0.0");
}

/** Points with their unit: `11.8 points`, `0.0412`. */
export function pointsOf(metric: string | null, points: number): string {
  return isShare(metric) ? `${bare(metric, points)} points` : bare(metric, points);
}

/** Points with a sign: `+16.6`, `−0.1`. */
export function signed(metric: string | null, points: number): string {
  const text = bare(metric, points);
  return text.startsWith(MINUS) || Number(text) === 0 ? text : `+${text}`;
}

/** An interval of points: `12.9 to 20.3`. */
export const reach = (metric: string | null, [low, high]: [number, number]): string =>
  `${bare(metric, low)} to ${bare(metric, high)}`;

/** A share of rows: `66 %`, `0.4 %`. */
export function percent(share: number): string {
  const whole = 100 * share;
  if (whole > 0 && whole < 0.1) return "< 0.1 %";
  return whole > 0 && whole < 9.95 ? `${whole.toFixed(1)} %` : `${whole.toFixed(0)} %`;
}

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A count: `1,234`. */
export const count = (value: number): string => grouped.format(value);

/** `1 row`, `2 rows`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

const SIZES = ["bytes", "kB", "MB", "GB", "TB"];

/** A size: `512 bytes`, `1.4 MB`. */
export function bytes(size: number): string {
  if (size === 1) return "1 byte";
  let [value, at] = [size, 0];
  for (; value >= 999.5 && at < SIZES.length - 1; at += 1) value /= 1000;
  return `${at === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${SIZES[at] ?? ""}`;
}

function phrase(name: string, test: Condition): string {
  if (test === null) return `${name} is missing`;
  if (Array.isArray(test)) {
    const [low, high] = test;
    if (low === null && high === null) return `${name} is any number`;
    if (low === null) return `${name} up to ${general(high as number)}`;
    if (high === null) return `${name} from ${general(low)}`;
    return low === high
      ? `${name} = ${general(low)}`
      : `${name} from ${general(low)} to ${general(high)}`;
  }
  return typeof test === "string" ? `${name} = '${test}'` : `${name} = ${String(test)}`;
}

/** A slice in words: `device = 'X20' and age from 18 to 25`. */
export function describe(where: Slice): string {
  const parts = Object.entries(where).map(([name, test]) => phrase(name, test));
  return parts.length > 0 ? parts.join(" and ") : "all rows";
}

/** Whether a slice has any condition. */
export const isPart = (where: Slice): boolean => Object.keys(where).length > 0;

const DAY = 86_400_000;

/** A time in UTC: `2023-09-13`, with the time of day where it is not midnight. */
export function when(time: Time | number): string {
  const at = new Date(time);
  const text = at.toISOString();
  return at.getTime() % DAY === 0 ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

/** A period, its last day included: `2023-08-01 to 2023-08-28`. */
export function period({ start, end }: Window): string {
  const last = new Date(end).getTime();
  const whole = new Date(start).getTime() % DAY === 0 && last % DAY === 0;
  const until = whole ? last - DAY : last;
  return when(start) === when(until) ? when(start) : `${when(start)} to ${when(until)}`;
}

/** A duration in seconds, in its largest fitting unit: `3 days`. */
export function duration(seconds: number): string {
  const units: [number, string][] = [[86_400, "day"], [3600, "hour"], [60, "minute"]];
  for (const [length, unit] of units) {
    if (seconds >= 0.95 * length) {
      const many = Math.round((10 * seconds) / length) / 10;
      return `${many >= 10 ? Math.round(many) : many} ${many === 1 ? unit : `${unit}s`}`;
    }
  }
  return seconds < 1 ? "at once" : plural(Math.round(seconds), "second");
}

/** By when something comes: `at once`, `within 3 days`. */
export const within = (seconds: number): string =>
  seconds < 1 ? duration(seconds) : `within ${duration(seconds)}`;

/** How long ago a time was, for a person: `just now`, `3 hours ago`. */
export function ago(time: Time): string {
  const seconds = (Date.now() - new Date(time).getTime()) / 1000;
  if (seconds < 60) return "just now";
  const whole = [86_400, 3600, 60].find((length) => seconds >= length) ?? 60;
  return `${duration(Math.floor(seconds / whole) * whole)} ago`;
}

const WEEKDAY = new Intl.DateTimeFormat("en", { weekday: "short", timeZone: "UTC" });

/** A time near today as one says it, in UTC: `10:04`, `tomorrow 09:00`, `Fri 09:00`. */
export function clock(time: Time): string {
  const at = new Date(time);
  const days = Math.floor(at.getTime() / DAY) - Math.floor(Date.now() / DAY);
  if (days < 0 || days > 6) return when(time);
  const hour = at.toISOString().slice(11, 16);
  if (days === 0) return hour;
  return days === 1 ? `tomorrow ${hour}` : `${WEEKDAY.format(at)} ${hour}`;
}

/** A confidence in words, with its number: what the scorecard counted. */
export function confidence(value: number | null): string {
  if (value === null) return "How sure this is was not measured: no fault like it was tried.";
  const right = `such verdicts were right in ${(100 * value).toFixed(0)} of 100 tried faults`;
  if (value >= 0.95) return `Very sure: ${right}.`;
  if (value >= 0.85) return `Sure: ${right}.`;
  if (value >= 0.7) return `Fairly sure: ${right}.`;
  return `Not sure: ${right}.`;
}

const STATES: Record<State, string> = {
  failing: "failing",
  healthy: "healthy",
  waiting: "too early to say",
  blind: "no labels",
};

export const stateWord = (state: State): string => STATES[state];

const EVENTS: Record<EventKind, string> = {
  external: "outside",
  deploy: "deploy",
  config: "configuration",
  campaign: "campaign",
  version: "model version",
};

export const eventWord = (kind: EventKind): string => EVENTS[kind];

const ACTIONS: Record<ActionKind, string> = {
  acknowledged: "acknowledged it",
  comment: "wrote",
  expected: "marked it as expected",
  resolved: "resolved it",
  reopened: "reopened it",
};

export const actionWord = (kind: ActionKind): string => ACTIONS[kind];

/** What each cause says, as docs/verdicts.md has it. */
const CAUSES: Record<string, string> = {
  seasonality: "the same happened in the same weeks a year before, or happens on these weekdays",
  "pipeline-break": "an input arrives broken: another unit, shifted, swapped, empty",
  "unseen-value-or-range": "rows with values that the reference has never seen fail",
  "version-change": "the rows are as ever; a new version of the model answers them worse",
  "label-delay": "labels have come for other rows than usual",
  "label-shift": "the classes became more or less frequent; each looks as it always did",
  "label-quality": "labels are wrong, of sure rows as of doubtful ones",
  "change-within-a-slice": "the relation of inputs and label changed in some rows and nowhere else",
  "concept-shift": "the relation of inputs and label changed everywhere",
  "data-collection-change": "rows that used to be logged no longer are",
  "mix-shift": "no relation changed; rows that were always hard became more frequent",
  "nothing-wrong": "the metric fell by less than what matters, or rose",
  "cannot-know": "too few labels to say anything",
  "cannot-tell-yet": "more labels would decide",
  unexplained: "the drop is real and no tested cause carries enough of it",
};

/** A cause in plain words; the cause itself where it is a new one. */
export const causeMeans = (cause: string): string => CAUSES[cause] ?? cause;

const HONEST = new Set(["nothing-wrong", "cannot-know", "cannot-tell-yet", "unexplained"]);

/** Whether a verdict names a cause, or honestly says that it cannot. */
export const namesCause = (cause: string): boolean => !HONEST.has(cause);

/** A sentence of the server as print has it: the first letter large, an arrow for `->`. */
export const sentenceCase = (text: string): string =>
  print(text.charAt(0).toUpperCase() + text.slice(1));

/** Words of the command line as print has them: an arrow for `->`, names without backquotes. */
export const print = (text: string): string =>
  text.replaceAll(" -> ", " → ").replaceAll(/`([^`]+)`/g, "$1");

const UNSORTED = new Intl.Collator("en", { numeric: true });

/** Order of names as people expect it: `v2` before `v10`. */
export const byName = (one: string, other: string): number => UNSORTED.compare(one, other);

/** One value of a row, for a table. */
export function cellText(value: string | number | boolean | null): string {
  if (value === null) return "–";
  if (typeof value === "number") {
    return Number.isInteger(value) ? String(value).replace("-", MINUS) : general(value);
  }
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) {
    return value.slice(0, 19).replace("T", " ");
  }
  return String(value);
}
