/** One run: what it was given, how it went, how it ended. */
import { type ReactElement, useMemo } from "react";
import { Link, useParams } from "react-router";

import type { RunRow } from "../../api";
import { useNow } from "../../data/now";
import { api, to } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { type Fact, Facts, Head, Section } from "../../parts/page";
import { Shown } from "../../parts/states";
import { byName, when } from "../../words";
import { Curves } from "./curves";
import { DOTS, lastText, paramText, sentenceOf, took, tookText } from "./said";

/** Names and texts, as many columns as there is room for. */
function Given({ values }: { values: [string, string][] }): ReactElement {
  return (
    <dl className="given">
      {values
        .toSorted(([one], [other]) => byName(one, other))
        .map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
    </dl>
  );
}

function Parent({ id }: { id: string }): ReactElement {
  const { data } = useAnswer<RunRow>(api.run(id));
  return (
    <>
      Part of <Link to={to.run(id)}>{data?.name ?? id}</Link>.
    </>
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
  const params = Object.entries(run.params).map(([name, value]): [string, string] => [name, paramText(value)]);
  const metrics = Object.entries(run.metrics).map(([name, value]): [string, string] => [name, lastText(value)]);
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
      <Facts facts={factsOf(run, now)} />
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
      {metrics.length === 0 ? null : (
        <Section title="Metrics" says="The last value of each.">
          <Given values={metrics} />
        </Section>
      )}
      <RunCurves run={run} />
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
