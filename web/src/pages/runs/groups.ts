/**
 * Runs by what they have in common: the values of a param, of the project or of the status.
 *
 * The server filters and counts; the values there are come one after the other, each with the
 * first run that has none of those known so far.
 */
import { useThrottledValue } from "@mantine/hooks";
import { useEffect, useState } from "react";

import type { Param, RunPage } from "../../api";
import { Failure, read } from "../../data/client";
import { api } from "../../data/paths";
import { byName } from "../../words";
import { paramText, quoted } from "./said";

/** One group; `where` finds its runs. */
export interface Group {
  key: string;
  text: string;
  where: string;
  total: number;
}

export interface Grouped {
  groups: Group[] | null;
  failure: Failure | null;
}

const MOST_GROUPS = 50;
/** How often, in milliseconds, groups are counted again at most. */
const OFTEN = 5000;
const PARAM = "params.";
const WHOLE = /^params\.[\w./:-]+$/;

/** What runs can be grouped by, as a filter names it. */
const keyOf = (by: string): string => (!by.startsWith(PARAM) || WHOLE.test(by) ? by : `${PARAM}"${by.slice(PARAM.length).replaceAll('"', '""')}"`);

/** Conditions that hold together; empty ones say nothing. */
export const both = (...conditions: (string | null)[]): string | null => {
  const said = conditions.filter((one) => one !== null && one.trim() !== "");
  return said.length === 0 ? null : said.join(" and ");
};

const fraction = (text: string): string => (/^-?\d+$/.test(text) ? `${text}.0` : text);

/** The texts by which the server's filters know a value; a number may be written in several ways. */
function textsOf(value: Param): string[] {
  if (value === null) return ["None"];
  if (typeof value === "boolean") return [value ? "True" : "False"];
  if (typeof value === "object") return [JSON.stringify(value)];
  if (typeof value === "string") return [value];
  const [digits = "", power = ""] = value.toExponential().split("e");
  const exponent = `e${Number(power)}`;
  return Array.from(new Set([String(value), fraction(String(value)), digits + exponent, fraction(digits) + exponent]));
}

interface Asked {
  project: string | null;
  where: string | null;
  by: string;
  signal: AbortSignal;
  /** Tells the groups that are known so far. */
  onSome: (groups: Group[]) => void;
}

const first = ({ project, signal }: Asked, where: string | null): Promise<RunPage> =>
  read<RunPage>(api.runs({ project, where, sort: "-started", limit: 1 }), signal);

const valueOf = ({ runs }: RunPage, by: string): Param | undefined => {
  const run = runs[0];
  if (run === undefined) return undefined;
  return by === "project" ? run.project : by === "status" ? run.status : run.params[by.slice(PARAM.length)];
};

const inOrder = (groups: Group[]): Group[] => groups.toSorted((one, other) => byName(one.text, other.text));

/** Numbers by their size, before texts. */
function sorted(groups: Group[]): Group[] {
  const numbers = groups.filter(({ key }) => key !== "" && Number.isFinite(Number(key)));
  const rest = groups.filter((group) => !numbers.includes(group));
  return [...numbers.toSorted((one, other) => Number(one.key) - Number(other.key)), ...inOrder(rest)];
}

async function find(asked: Asked, total: number): Promise<Group[]> {
  const { by, where, onSome } = asked;
  const key = keyOf(by);
  const isParam = by.startsWith(PARAM);
  const groups: Group[] = [];
  const seen: string[] = [];
  let page = await first(asked, both(where, isParam ? `${key} IS NOT NULL` : null));
  const without = total - page.total;
  while (page.total > 0 && groups.length < MOST_GROUPS) {
    const value = valueOf(page, by);
    if (value === undefined) break;
    const texts = textsOf(value);
    seen.push(...texts);
    // oxlint-disable-next-line no-await-in-loop -- each answer says what to ask next
    const rest = await first(asked, both(where, `${key} NOT IN (${seen.map(quoted).join(", ")})`));
    if (rest.total >= page.total) break; // it is written in yet another way: the rest stays together
    groups.push({ key: texts[0] ?? "", text: paramText(value), where: `${key} IN (${texts.map(quoted).join(", ")})`, total: page.total - rest.total });
    page = rest;
    onSome(sorted(groups));
  }
  const last: Group[] = [];
  if (page.total > 0) last.push({ key: "…", text: `other values, beyond ${groups.length} groups`, where: `${key} NOT IN (${seen.map(quoted).join(", ")})`, total: page.total });
  if (isParam && without > 0) last.push({ key: "", text: `without ${by.slice(PARAM.length)}`, where: `${key} IS NULL`, total: without });
  return [...sorted(groups), ...last];
}

/** The groups of the runs that were found; `found` is read again when runs change, and so are they. */
export function useGroups(project: string | null, where: string | null, by: string | null, found: RunPage): Grouped {
  const [state, setState] = useState<Grouped & { of: string; whole?: boolean }>({ groups: null, failure: null, of: "" });
  const of = JSON.stringify([project, where, by]);
  const current = useThrottledValue(found, OFTEN);
  useEffect(() => {
    if (by === null) return undefined;
    const stop = new AbortController();
    // Counted again, what was known stands until all is: nothing jumps.
    const onSome = (groups: Group[]): void => setState((before) => (before.of === of && before.whole === true ? before : { groups, failure: null, of }));
    find({ project, where, by, signal: stop.signal, onSome }, current.total)
      .then((groups) => setState({ groups, failure: null, of, whole: true }))
      .catch((error: unknown) => {
        if (!stop.signal.aborted && error instanceof Failure) setState({ groups: null, failure: error, of });
      });
    return () => stop.abort();
  }, [project, where, by, of, current]);
  return state.of === of ? state : { groups: null, failure: null };
}
