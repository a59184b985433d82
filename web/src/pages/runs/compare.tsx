/** Several runs: in what they differ, what that led to, and their curves over one another. */
import { type ReactElement, useMemo } from "react";
import { Link } from "react-router";

import type { RunRow } from "../../api";
import { RUN_COLOURS } from "../../charts/plot";
import { api, to } from "../../data/paths";
import { useAnswers } from "../../data/query";
import { useUrl } from "../../data/url";
import { Head, Section } from "../../parts/page";
import { Empty, Failed, Loading } from "../../parts/states";
import { byName, plural } from "../../words";
import { Curves } from "./curves";
import { LedTo } from "./led-to";
import { Origins } from "./origins";
import { DOTS, isSystem, joined, lastText, paramText } from "./said";
import { Side } from "./side";

/** No more runs than there are colours that can be told apart. */
export const MOST_COMPARED = RUN_COLOURS;

const namesOf = (runs: RunRow[], of: (run: RunRow) => object): string[] =>
  Array.from(new Set(runs.flatMap((run) => Object.keys(of(run))))).toSorted(byName);

const param = (run: RunRow, name: string): string => paramText(run.params[name]);

function Body({ runs }: { runs: RunRow[] }): ReactElement {
  const params = namesOf(runs, (run) => run.params);
  const differ = params.filter((name) => new Set(runs.map((run) => JSON.stringify(run.params[name]))).size > 1);
  const same = params.length - differ.length;
  const says =
    differ.length === 0 ? "they were given the same params." : `they differ in ${differ.length > 3 ? plural(differ.length, "param") : joined(differ)}.`;
  const metrics = namesOf(runs, (run) => run.metrics).filter((name) => !isSystem(name));
  return (
    <>
      <Head
        title="Compare runs"
        kicker={<Link to={to.runs()}>Runs</Link>}
        headline={runs.length === 1 ? "One run; choose more to compare them." : `${plural(runs.length, "run")}; ${says}`}
        standfirst={
          <span className="run-key">
            {runs.map((run, at) => (
              <span key={run.id}>
                <i style={{ borderColor: `var(--run-${at + 1})` }} aria-hidden="true" />
                <Link to={to.run(run.id)}>{run.name}</Link> <span className={`state small ${DOTS[run.status]}`}>{run.status}</span>
              </span>
            ))}
          </span>
        }
      />
      {differ.length === 0 ? null : (
        <Section title="Params that differ" says={same === 0 ? undefined : `${plural(same, "more is", "more are")} the same.`}>
          <Side runs={runs} names={differ} text={param} />
        </Section>
      )}
      <LedTo runs={runs} params={differ} metrics={metrics} />
      {metrics.length === 0 ? null : (
        <Section title="Metrics" says="The last value of each.">
          <Side runs={runs} names={metrics} text={(run, name) => lastText(run.metrics[name])} number />
        </Section>
      )}
      <Curves runs={runs} />
      <Origins runs={runs} />
    </>
  );
}

export function ComparePage(): ReactElement {
  const { all } = useUrl();
  const ids = useMemo(() => Array.from(new Set(all("run"))).slice(0, MOST_COMPARED), [all]);
  const answers = useAnswers<RunRow>(useMemo(() => ids.map((id) => api.run(id)), [ids]));
  const runs = useMemo(() => answers.flatMap(({ data }) => (data === null ? [] : [data])), [answers]);
  const wrong = answers.find(({ data, failure }) => data === null && failure !== null);
  if (ids.length === 0) {
    return (
      <>
        <Head title="Compare runs" kicker={<Link to={to.runs()}>Runs</Link>} headline="No run is chosen." />
        <Empty>Choose some in the list of runs, by their boxes or with X.</Empty>
      </>
    );
  }
  return (
    <>
      {wrong === undefined || wrong.failure === null ? null : <Failed failure={wrong.failure} retry={wrong.retry} />}
      {answers.some(({ loading }) => loading) ? <Loading /> : runs.length === 0 ? null : <Body runs={runs} />}
    </>
  );
}
