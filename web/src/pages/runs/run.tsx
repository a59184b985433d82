/** One run: what it was given, how it went, how it ended. */
import { type ReactElement, useMemo } from "react";
import { Link, useParams } from "react-router";

import type { RunPage, RunRow } from "../../api";
import { useNow } from "../../data/now";
import { api, to } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { Folded } from "../../parts/folded";
import { type Fact, Facts, Head, Section } from "../../parts/page";
import { Shown } from "../../parts/states";
import { plural, when } from "../../words";
import { Artifacts } from "./artifacts";
import { CodeAndEnvironment } from "./code";
import { Curves } from "./curves";
import { Delete, Deleted, DeletionFailed, useDeletion } from "./deletion";
import { Given } from "./given";
import { Output } from "./output";
import { DOTS, isSystem, lastText, paramText, quoted, sentenceOf, took, tookText } from "./said";

/** Runs within a run that are named; of more there is a link to the list. */
const MOST_CHILDREN = 12;

function Parent({ id }: { id: string }): ReactElement {
  const { data } = useAnswer<RunRow>(api.run(id));
  return (
    <>
      Part of <Link to={to.run(id)}>{data?.name ?? id}</Link>.
    </>
  );
}

/** The runs that this one began. */
function Children({ run }: { run: RunRow }): ReactElement | null {
  const where = `parent = ${quoted(run.id)}`;
  const { data } = useAnswer<RunPage>(api.runs({ project: null, where, sort: "started", limit: MOST_CHILDREN }));
  if (data === null || data.total === 0) return null;
  return (
    <Section title="Runs within it" says={<Link to={to.runsWhere(where)}>{data.total === 1 ? "See it in the list" : `See all ${plural(data.total, "run")} in the list`}</Link>}>
      <p className="ways">
        {data.runs.map(({ id, name, status }) => (
          <span key={id}>
            <Link to={to.run(id)}>{name}</Link> <span className={`state small ${DOTS[status]}`}>{status}</span>
          </span>
        ))}
      </p>
    </Section>
  );
}

function factsOf(run: RunRow, now: number): Fact[] {
  const seconds = took(run, now);
  const facts: Fact[] = [{ name: "started", value: when(run.started), note: "UTC" }];
  if (run.ended !== null) {
    facts.push({ name: run.status === "killed" ? "last heard of" : "ended", value: when(run.ended), note: "UTC" });
  }
  if (seconds !== null) facts.push({ name: run.status === "running" ? "so far" : "took", value: tookText(seconds) });
  return facts;
}

function Body({ run }: { run: RunRow }): ReactElement {
  const now = useNow();
  const deletion = useDeletion(run.id);
  const params = Object.entries(run.params).map(([name, value]): [string, string] => [name, paramText(value)]);
  const all = Object.entries(run.metrics).map(([name, value]): [string, string] => [name, lastText(value)]);
  const metrics = all.filter(([name]) => !isSystem(name));
  const system = all.filter(([name]) => isSystem(name));
  const tags = Object.entries(run.tags);
  return (
    <>
      <Head
        title={run.name}
        kicker={
          <>
            <Link to={to.runs()}>Runs</Link>
            <span className="sep">/</span>
            <Link to={to.runs(run.project)}>{run.project}</Link>
            <span className="sep">/</span>
            <span className={`state ${DOTS[run.status]}`}>{run.status}</span>
          </>
        }
        headline={sentenceOf(run, now)}
        standfirst={run.parent === null ? undefined : <Parent id={run.parent} />}
      />
      {run.deleted === null ? null : <Deleted at={run.deleted} deletion={deletion} />}
      <DeletionFailed deletion={deletion} />
      <Facts facts={factsOf(run, now)} />
      <p className="told">
        <Link to={to.lineage(`run:${run.id}`)}>Where it came from, and what it led to</Link>
      </p>
      <Children run={run} />
      {params.length === 0 ? null : (
        <Section title="Params">
          <Given values={params} />
        </Section>
      )}
      {tags.length === 0 ? null : (
        <Section title="Tags">
          <Given values={tags} />
        </Section>
      )}
      {all.length === 0 ? null : (
        <Section title="Metrics" says="The last value of each.">
          <Given values={metrics} />
          {system.length === 0 ? null : (
            <Folded summary={`Of the machine: ${plural(system.length, "metric")}`}>
              <Given values={system} />
            </Folded>
          )}
        </Section>
      )}
      <RunCurves run={run} />
      <Artifacts run={run.id} />
      <Output run={run} />
      <CodeAndEnvironment run={run.id} />
      {run.deleted === null ? <Delete deletion={deletion} /> : null}
    </>
  );
}

function RunCurves({ run }: { run: RunRow }): ReactElement {
  const runs = useMemo(() => [run], [run]);
  return <Curves runs={runs} />;
}

export function RunView(): ReactElement {
  const { id = "" } = useParams();
  const run = useAnswer<RunRow>(api.run(id));
  return (
    <Shown answer={run} whole>
      {(data) => <Body key={data.id} run={data} />}
    </Shown>
  );
}
