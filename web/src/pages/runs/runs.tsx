/** Every run in one table: how it stands, what it was given, how it went. */
import { Select } from "@mantine/core";
import { useDebouncedValue, useMediaQuery } from "@mantine/hooks";
import { type ReactElement, useCallback, useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";

import type { RunPage, RunRow } from "../../api";
import { api, to } from "../../data/paths";
import { useAnswer, useAnswers } from "../../data/query";
import { useList, useUrl } from "../../data/url";
import { Listing } from "../../parts/listing";
import { Head, Section } from "../../parts/page";
import { Empty, Failed, Shown } from "../../parts/states";
import { Sheet } from "../../table/sheet";
import { Chooser } from "./chooser";
import { choices, columnsOf } from "./columns";
import { MOST_COMPARED } from "./compare";
import { headlineOf } from "./said";

/** Runs that are read at once; the server gives up to 1,000, which with many columns is much. */
const PAGE = 100;
const LATEST = "-started";
/** Said as the only column: none is shown. */
const NONE = "";
/** Rows that are read beyond those in sight. */
const AHEAD = 40;
/** How long, in milliseconds, the same pages are in sight before they are read. */
const SETTLED = 100;

const PROGRAM = `with whence.start_run(project="digits", params={"lr": 0.1}) as run:
    run.log({"loss": 0.5, "accuracy": 0.9})`;

function FirstRuns(): ReactElement {
  return (
    <>
      <Head
        title="Runs"
        headline="No run has been recorded yet. Two lines are enough."
        standfirst="A run is one training, evaluation or experiment: what it was given, how it went, how it ended. This page fills by itself."
      />
      <div className="steps">
        <section>
          <h2>From the program that trains</h2>
          <p className="soft">
            After <code>import whence</code>; log as often as you like, each call is one step.
          </p>
          <Listing code={PROGRAM} />
        </section>
      </div>
    </>
  );
}

interface Read {
  rowAt: (index: number) => RunRow | null;
  onSight: (first: number, last: number) => void;
  failed: { failure: Parameters<typeof Failed>[0]["failure"]; retry: () => void } | null;
}

/** The runs in sight: only their pages are read, wherever in the table they are. */
function useRuns(project: string | null, sort: string, total: number): Read {
  const [sight, setSight] = useState<[number, number]>([0, 0]);
  const onSight = useCallback((from: number, until: number) => {
    const pages: [number, number] = [Math.floor(Math.max(from - AHEAD, 0) / PAGE), Math.floor((until + AHEAD) / PAGE)];
    setSight((before) => (before[0] === pages[0] && before[1] === pages[1] ? before : pages));
  }, []);
  // What one only scrolls past is not read.
  const [[first, last]] = useDebouncedValue(sight, SETTLED);
  const end = Math.max(Math.ceil(total / PAGE), 1);
  const from = Math.min(first, end - 1);
  const until = Math.min(last, end - 1);
  const answers = useAnswers<RunPage>(
    Array.from({ length: until - from + 1 }, (_, at) => api.runs({ project, sort, offset: (from + at) * PAGE, limit: PAGE })),
  );
  const rowAt = useCallback(
    (index: number) => answers[Math.floor(index / PAGE) - from]?.data?.runs[index % PAGE] ?? null,
    [answers, from],
  );
  const wrong = answers.find(({ data, failure }) => data === null && failure !== null);
  const failed = wrong === undefined || wrong.failure === null ? null : { failure: wrong.failure, retry: wrong.retry };
  return { rowAt, onSight, failed };
}

function Table({ head, project }: { head: RunPage; project: string | null }): ReactElement {
  const url = useUrl();
  const go = useNavigate();
  const wide = useMediaQuery("(min-width: 46rem)", true, { getInitialValueInEffect: false });
  const sort = url.get("sort") ?? LATEST;
  const { rowAt, onSight, failed } = useRuns(project, sort, head.total);
  const { set } = url;
  const [chosen, changeChosen] = useList(url, "run");
  const [said, changeSaid] = useList(url, "column");
  const choose = useCallback(
    ({ id }: RunRow) =>
      changeChosen((before) => {
        const rest = before.filter((one) => one !== id);
        return rest.length < before.length || before.length >= MOST_COMPARED ? rest : [...before, id];
      }),
    [changeChosen],
  );
  const all = useMemo(() => choices(head), [head]);
  const shown = useMemo(() => (said.length === 0 ? all : said.filter((id) => all.includes(id))), [said, all]);
  const open = useCallback(({ id }: RunRow) => void go(to.run(id)), [go]);
  const columns = useMemo(
    () => columnsOf(head, shown, wide, project !== null || head.projects.length === 1, { chosen, open: chosen.length < MOST_COMPARED, choose }),
    [head, shown, wide, project, chosen, choose],
  );
  const [headline, standfirst] = headlineOf(head.total, head.projects.length, project, head.runs);
  return (
    <>
      <Head title="Runs" headline={headline} {...(standfirst === "" ? {} : { standfirst })} />
      <Section
        title="Runs"
        aside={
          <>
            {chosen.length === 0 ? null : (
              <span className="small">
                <Link to={to.compare(chosen)}>Compare {chosen.length}</Link>
                <span className="soft"> · </span>
                <button type="button" className="linkish" onClick={() => changeChosen(() => [])}>
                  choose none
                </button>
              </span>
            )}
            {head.projects.length > 1 || project !== null ? (
              <Select
                data-find
                size="xs"
                aria-label="Project"
                placeholder="All projects  /"
                data={head.projects}
                value={project}
                searchable
                clearable
                onChange={(value) => set({ project: value })}
              />
            ) : null}
            {all.length === 0 ? null : (
              <Chooser all={all} shown={shown} onChange={(ids) => changeSaid(() => (ids === null ? [] : ids.length === 0 ? [NONE] : ids))} />
            )}
          </>
        }
      >
        {failed === null ? null : <Failed {...failed} />}
        {head.total === 0 ? (
          <Empty>No run is of this project.</Empty>
        ) : (
          <Sheet
            label="Runs"
            length={head.total}
            rowAt={rowAt}
            columns={columns}
            sort={sort}
            onSort={(next) => set({ sort: next === LATEST ? null : next }, "replace")}
            onOpen={open}
            onChoose={choose}
            onSight={onSight}
          />
        )}
      </Section>
    </>
  );
}

export function RunsPage(): ReactElement {
  const project = useUrl().get("project");
  const head = useAnswer<RunPage>(api.runs({ project, sort: LATEST, offset: 0, limit: PAGE }));
  return (
    <Shown answer={head} whole>
      {(page) => (page.total === 0 && project === null ? <FirstRuns /> : <Table key={project} head={page} project={project} />)}
    </Shown>
  );
}
