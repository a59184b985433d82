/** In which code and environment several runs were made, and where these differ. */
import { type ReactElement, useMemo } from "react";

import type { Captured, RunRow } from "../../api";
import { api } from "../../data/paths";
import { useAnswers } from "../../data/query";
import { Folded } from "../../parts/folded";
import { Section } from "../../parts/page";
import { byName, plural } from "../../words";
import { changesOf, Diff, machineOf, shortCommit } from "./code";
import { joined } from "./said";
import { Side } from "./side";

/** What was captured of each run; null of those of which nothing was. */
type Found = ReadonlyMap<string, Captured>;

const differing = (runs: RunRow[], names: string[], text: (run: RunRow, name: string) => string): string[] =>
  names.filter((name) => new Set(runs.map((run) => text(run, name))).size > 1);

const WORDS = ["commit", "branch", "changes"];

function codeText(found: Found): (run: RunRow, name: string) => string {
  return ({ id }, name) => {
    const code = found.get(id)?.code ?? null;
    if (code === null) return "";
    return name === "commit" ? shortCommit(code) : name === "branch" ? (code.branch ?? "") : changesOf(code);
  };
}

/** Runs whose diffs are the same, together. */
function diffsOf(runs: RunRow[], found: Found): [string, string[]][] {
  const diffs = new Map<string, string[]>();
  for (const { id, name } of runs) {
    const diff = found.get(id)?.code?.diff ?? null;
    if (diff !== null) diffs.set(diff, [...(diffs.get(diff) ?? []), name]);
  }
  return [...diffs];
}

function CodeOf({ runs, found }: { runs: RunRow[]; found: Found }): ReactElement | null {
  const having = runs.filter(({ id }) => (found.get(id)?.code ?? null) !== null);
  const [first] = having;
  if (first === undefined) return null;
  const text = codeText(found);
  const commits = new Set(having.map(({ id }) => found.get(id)?.code?.commit));
  const diffs = diffsOf(having, found);
  const same = commits.size === 1 && new Set(having.map(({ id }) => found.get(id)?.code?.diff)).size === 1;
  const missing = runs.length - having.length;
  const unknown = missing === 0 ? "" : ` Of ${plural(missing, "run")} it was not captured.`;
  const says = same
    ? `The same: commit ${text(first, "commit")}, ${text(first, "changes")}.`
    : commits.size > 1
      ? `Of ${plural(commits.size, "commit")}.`
      : `The same commit, ${text(first, "commit")}, with other changes that are in no commit.`;
  return (
    <Section title="Code" says={says + unknown}>
      {same ? null : <Side runs={runs} names={differing(having, WORDS, text)} text={text} />}
      {diffs.map(([diff, names]) => (
        <Folded key={names.join("\n")} summary={`The changes of ${names.length === runs.length ? "all of them" : joined(names)} against the commit`}>
          <Diff text={diff} />
        </Folded>
      ))}
    </Section>
  );
}

function EnvironmentOf({ runs, found }: { runs: RunRow[]; found: Found }): ReactElement | null {
  const machines = new Map(runs.map(({ id }) => [id, found.get(id)?.environment ?? null]));
  const having = runs.filter(({ id }) => (machines.get(id) ?? null) !== null);
  if (having.length < 2) return null;
  const facts = new Map(having.map(({ id }) => [id, new Map(machineOf(machines.get(id)!))]));
  const fact = ({ id }: RunRow, name: string): string => facts.get(id)?.get(name) ?? "";
  const version = ({ id }: RunRow, name: string): string => machines.get(id)?.packages[name] ?? "";
  const names = Array.from(new Set(having.flatMap(({ id }) => Array.from(facts.get(id)?.keys() ?? []))));
  const packages = Array.from(new Set(having.flatMap(({ id }) => Object.keys(machines.get(id)?.packages ?? {})))).toSorted(byName);
  const others = differing(having, names, fact);
  const versions = differing(having, packages, version);
  const parts = [...others, ...(versions.length === 0 ? [] : [plural(versions.length, "package")])];
  const same = packages.length - versions.length;
  const says = parts.length === 0 ? `The same, with the same ${plural(same, "package")}.` : `They differ in ${joined(parts)}; ${plural(same, "package is", "packages are")} the same.`;
  return (
    <Section title="Environment" says={says}>
      {others.length === 0 ? null : <Side runs={runs} names={others} text={fact} />}
      {versions.length === 0 ? null : <Side runs={runs} names={versions} text={version} />}
    </Section>
  );
}

export function Origins({ runs }: { runs: RunRow[] }): ReactElement | null {
  const answers = useAnswers<Captured>(runs.map(({ id }) => api.captured(id)));
  const found = useMemo(
    () => new Map(runs.flatMap(({ id }, at): [string, Captured][] => (answers[at]?.data ? [[id, answers[at].data]] : []))),
    [runs, answers],
  );
  if (found.size === 0) return null;
  return (
    <>
      <CodeOf runs={runs} found={found} />
      <EnvironmentOf runs={runs} found={found} />
    </>
  );
}
