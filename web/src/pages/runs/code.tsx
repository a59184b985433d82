/** What a run captured by itself: its code, how it was called, and what it ran in. */
import type { ReactElement } from "react";

import type { Captured, Code, Command, Environment } from "../../api";
import { api } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { Folded } from "../../parts/folded";
import { Listing } from "../../parts/listing";
import { Section } from "../../parts/page";
import { Shown } from "../../parts/states";
import { bytes, plural } from "../../words";
import { Given } from "./given";

/** Of a commit, as git shows it. */
const SHORT = 10;
/** A diff of more lines is shown without marks, which would take long. */
const MOST_MARKED = 3000;

export const shortCommit = ({ commit }: Code): string => (commit === null ? "no commit yet" : commit.slice(0, SHORT));

/** Whether it ran as it was committed, in words. */
export function changesOf({ dirty, changed }: Code): string {
  if (dirty === null) return "whether it was changed is not known";
  if (!dirty) return "as it was committed";
  return changed.length === 0 ? "with changes that are in no commit" : `with changes in ${plural(changed.length, "file")} that are in no commit`;
}

const sentenceOf = (code: Code): string =>
  `${code.commit === null ? "No commit yet" : `Commit ${shortCommit(code)}`}${code.branch === null ? "" : ` of branch ${code.branch}`}, ${changesOf(code)}.`;

const markOf = (line: string): string => {
  if (/^(diff |index |--- |\+\+\+ |@@)/.test(line)) return "head";
  return line.startsWith("+") || line.startsWith("-") ? "" : "soft";
};

/** A diff: what was added and removed in ink, what stands around it soft. */
export function Diff({ text }: { text: string }): ReactElement {
  const lines = text.split("\n");
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable
    <pre className="text diff" tabIndex={0} aria-label="Diff">
      {lines.length > MOST_MARKED
        ? text
        : lines.map((line, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- lines have no name but their place
            <span key={at} className={markOf(line)}>
              {line}
              {"\n"}
            </span>
          ))}
    </pre>
  );
}

function Names({ title, names }: { title: string; names: string[] }): ReactElement | null {
  return names.length === 0 ? null : (
    <Folded summary={title}>
      <ul className="small">
        {names.map((name) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
    </Folded>
  );
}

function OfCode({ code }: { code: Code }): ReactElement {
  const { remote, folder, diff, cut, changed, untracked } = code;
  const values: [string, string][] = [["folder", folder]];
  if (code.commit !== null) values.push(["commit", code.commit]);
  if (remote !== null) values.push(["remote", remote]);
  return (
    <>
      <p className="prose lead">{sentenceOf(code)}</p>
      <Given values={values} />
      {diff === null ? (
        <Names title={`Changed: ${plural(changed.length, "file")}`} names={changed} />
      ) : (
        <Folded summary={`The changes against the commit: ${plural(changed.length, "file")}`}>
          <Diff text={diff} />
          {cut === null ? null : <p className="soft small">{cut}</p>}
        </Folded>
      )}
      <Names title={`Not in git: ${plural(untracked.length, "file")}`} names={untracked} />
    </>
  );
}

const PLAIN = /^[\w@%+=:,./-]+$/;

/** Words as a shell takes them. */
const shell = (words: string[]): string =>
  words.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`)).join(" ");

function OfCommand({ command }: { command: Command }): ReactElement {
  return (
    <>
      <Listing code={shell(command.arguments)} />
      <p className="soft small">in {command.folder}</p>
    </>
  );
}

/** What a run ran in, by name. */
export function machineOf(environment: Environment): [string, string][] {
  const { python, implementation, platform, host, user, processors, memory, gpus, executable } = environment;
  return [
    ["Python", `${python} (${implementation})`],
    ["executable", executable],
    ["platform", platform],
    ["host", host],
    ["user", user],
    ["processors", String(processors)],
    ...(memory === null ? [] : [["memory", bytes(memory)] satisfies [string, string]]),
    ...(gpus.length === 0 ? [] : [["GPUs", gpus.join(", ")] satisfies [string, string]]),
  ];
}

function FoldedNames({ title, values }: { title: string; values: Record<string, string> }): ReactElement {
  return (
    <Folded summary={title}>
      <Given values={Object.entries(values)} />
    </Folded>
  );
}

function Parts({ captured }: { captured: Captured }): ReactElement | null {
  const { code, command, environment, variables } = captured;
  if (code === null && command === null && environment === null && variables === null) return null;
  return (
    <Section title="Code and environment" says={code === null ? "Captured when it began; it lay in no git work tree." : "Captured when it began."}>
      {code === null ? null : <OfCode code={code} />}
      {command === null ? null : <OfCommand command={command} />}
      {environment === null ? null : (
        <div className="apart">
          <Given values={machineOf(environment)} />
          <FoldedNames title={plural(Object.keys(environment.packages).length, "package")} values={environment.packages} />
        </div>
      )}
      {variables === null ? null : <FoldedNames title={plural(Object.keys(variables).length, "environment variable")} values={variables} />}
    </Section>
  );
}

export function CodeAndEnvironment({ run }: { run: string }): ReactElement {
  const captured = useAnswer<Captured>(api.captured(run));
  return <Shown answer={captured}>{(data) => <Parts captured={data} />}</Shown>;
}
