/** Runs in words: how they stand, how long they took, what they were given. */
import type { Param, RunRow, RunStatus } from "../../api";
import { cellText, count, duration, plural } from "../../words";

/** The class of a status's dot. */
export const DOTS: Record<RunStatus, string> = {
  running: "running",
  scheduled: "blind",
  finished: "healthy",
  failed: "failing",
  killed: "failing",
  unknown: "blind",
};

/** A param as it was given; lists and objects as JSON. */
export function paramText(value: Param | undefined): string {
  if (value === undefined) return "";
  if (value === null) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The last value of a metric; a dash is a value that is no number. */
export const lastText = (value: number | null | undefined): string =>
  value === undefined ? "" : cellText(value);

/** How long a run took, or takes by now; null where nobody can tell. */
export function took({ started, ended, status }: RunRow, now: number): number | null {
  const end = ended === null ? (status === "running" ? now : null) : new Date(ended).getTime();
  return end === null ? null : Math.max(end - new Date(started).getTime(), 0) / 1000;
}

/** `3 minutes`, `< 1 second`. */
export const tookText = (seconds: number | null): string =>
  seconds === null ? "" : seconds < 1 ? "< 1 second" : duration(seconds);

/** The sentence of one run. */
export function sentenceOf(run: RunRow, now: number): string {
  const seconds = took(run, now) ?? 0;
  const { name, status } = run;
  if (status === "running") return seconds < 1 ? `${name} has just begun.` : `${name} has been running for ${duration(seconds)}.`;
  if (status === "scheduled") return `${name} is to run and has not begun.`;
  if (status === "unknown") {
    return `${name} runs on another machine, or ran there: how it ended has not been told.`;
  }
  const verb = status === "killed" ? "was killed" : status;
  return `${name} ${verb} ${seconds < 1 ? "within a second" : `after ${duration(seconds)}`}.`;
}

/** Whether a metric is of the machine rather than of what was trained: measured by itself. */
export const isSystem = (metric: string): boolean => metric.startsWith("system/");

const fraction = (text: string): string => (/^-?\d+$/.test(text) ? `${text}.0` : text);

/** The texts by which the server's filters know a param; a number may be written in several ways. */
export function textsOf(value: Param): string[] {
  if (value === null) return ["None"];
  if (typeof value === "boolean") return [value ? "True" : "False"];
  if (typeof value === "object") return [JSON.stringify(value)];
  if (typeof value === "string") return [value];
  const [digits = "", power = ""] = value.toExponential().split("e");
  const exponent = `e${Number(power)}`;
  return Array.from(new Set([String(value), fraction(String(value)), digits + exponent, fraction(digits) + exponent]));
}

const WHOLE = /^[\w./:-]+$/;

/** The name of a column, `metrics.NAME` or `params.NAME`. */
export const nameOf = (id: string): string => id.slice(id.indexOf(".") + 1);

/** A column as a filter names it. */
export const fieldOf = (id: string): string => (WHOLE.test(id) ? id : `${id.slice(0, id.indexOf(".") + 1)}"${nameOf(id).replaceAll('"', '""')}"`);

/** A text in a filter. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const be = (many: number): string => (many === 1 ? "is" : "are");
const was = (many: number): string => (many === 1 ? "was" : "were");

/** `a, b and c`. */
export function joined(parts: string[]): string {
  if (parts.length < 2) return parts[0] ?? "";
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1) ?? ""}`;
}

/** How many of some runs stand how: `2 are running, 1 failed and 1 was killed`. */
export function standingOf(runs: RunRow[]): string {
  const many = (wanted: RunStatus): number => runs.filter(({ status }) => status === wanted).length;
  const [running, failed, killed, unknown] = [many("running"), many("failed"), many("killed"), many("unknown")];
  const parts: string[] = [];
  if (running > 0) parts.push(`${running} ${be(running)} running`);
  if (failed > 0) parts.push(`${failed} failed`);
  if (killed > 0) parts.push(`${killed} ${was(killed)} killed`);
  if (unknown > 0) parts.push(`of ${unknown} it is not known how ${unknown === 1 ? "it stands" : "they stand"}`);
  return joined(parts);
}

/** The first sentence where there is a filter; `found` are the last to start of those that fit. */
export function foundOf(total: number, all: number, found: RunRow[]): [string, string] {
  if (total === 0) return [`None of ${plural(all, "run")} fits the filter.`, ""];
  const fit = `${total === all ? "All" : count(total)} of ${plural(all, "run")} ${total === 1 ? "fits" : "fit"} the filter`;
  const said = standingOf(found);
  return [said === "" ? `${fit}.` : `${fit}; ${found.length === total ? said : `of the latest ${found.length}, ${said}`}.`, ""];
}

/** The first sentence of the page, and what is said below it; `latest` are the last to start. */
export function headlineOf(total: number, projects: number, project: string | null, latest: RunRow[]): [string, string] {
  const [only] = latest;
  if (total === 1 && only !== undefined) {
    return [`One run${project === null ? "" : ` of ${project}`}: ${only.name}, ${only.status === "unknown" ? "of which no end was told" : only.status}.`, ""];
  }
  const of = project ?? plural(projects, "project");
  const said = standingOf(latest);
  const all = latest.length === total;
  if (said === "") return [`${plural(total, "run")} of ${of}.`, all ? "All have finished." : `The latest ${latest.length} have all finished.`];
  const scope = all ? said : `of the latest ${latest.length}, ${said}`;
  return [`${plural(total, "run")} of ${of}; ${scope}.`, ""];
}
