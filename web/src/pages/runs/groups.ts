/** Runs by what they have in common: the values of a param, of the project or of the status. */
import { useMemo } from "react";

import type { RunGroup, RunGroups } from "../../api";
import type { Failure } from "../../data/client";
import { api } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { byName, count } from "../../words";
import { fieldOf, nameOf, quoted } from "./said";

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

/** Conditions that hold together; empty ones say nothing. */
export const both = (...conditions: (string | null)[]): string | null => {
  const said = conditions.filter((one) => one !== null && one.trim() !== "");
  return said.length === 0 ? null : said.join(" and ");
};

const listed = (texts: string[]): string => `(${texts.map(quoted).join(", ")})`;

const isNumber = (text: string): boolean => text !== "" && Number.isFinite(Number(text));

/** Numbers by their size, before texts. */
const inOrder = (one: Group, other: Group): number => {
  const [first, second] = [isNumber(one.key), isNumber(other.key)];
  if (first && second) return Number(one.key) - Number(other.key);
  return first === second ? byName(one.text, other.text) : first ? -1 : 1;
};

function groupOf(by: string, { texts, total }: RunGroup): Group {
  const shortest = texts.toSorted((one, other) => one.length - other.length)[0] ?? "";
  // An empty text is not the same as none.
  return { key: shortest === "" ? "''" : shortest, text: shortest === "" ? "“”" : shortest, where: `${fieldOf(by)} IN ${listed(texts)}`, total };
}

function groupsOf(by: string, { groups, total }: RunGroups): Group[] {
  const having = groups.filter(({ texts }) => texts.length > 0);
  const found = having.map((group) => groupOf(by, group)).toSorted(inOrder);
  const without = groups.find(({ texts }) => texts.length === 0)?.total ?? 0;
  const rest = total - groups.reduce((sum, group) => sum + group.total, 0);
  const others = { key: "…", text: `other values, beyond the ${count(having.length)} most frequent`, where: `${fieldOf(by)} NOT IN ${listed(having.flatMap(({ texts }) => texts))}`, total: rest };
  return [
    ...found,
    ...(rest > 0 ? [others] : []),
    ...(without > 0 ? [{ key: "", text: `without ${nameOf(by)}`, where: `${fieldOf(by)} IS NULL`, total: without }] : []),
  ];
}

/** The groups of the runs that fit a filter. */
export function useGroups(project: string | null, where: string | null, by: string | null): Grouped {
  const { data, failure } = useAnswer<RunGroups>(by === null ? null : api.runGroups({ project, where, by }));
  const groups = useMemo(() => (by === null || data === null ? null : groupsOf(by, data)), [by, data]);
  return { groups, failure: data === null ? failure : null };
}
