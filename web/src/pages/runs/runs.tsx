/** Every run in one table: how it stands, what it was given, how it went. */
import { Select } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { type ReactElement, useCallback, useMemo } from "react";
import { Link, useNavigate } from "react-router";

import type { RunPage, RunRow } from "../../api";
import { api, to } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { type Url, useList, useUrl } from "../../data/url";
import { Listing } from "../../parts/listing";
import { Head, Section } from "../../parts/page";
import { Empty, Failed, Loading, Shown } from "../../parts/states";
import { Sheet, type SheetHead } from "../../table/sheet";
import { plural } from "../../words";
import { Chooser } from "./chooser";
import { choices, columnsOf, usual } from "./columns";
import { MOST_COMPARED } from "./compare";
import { Filter } from "./filter";
import { useGroups } from "./groups";
import { foundOf, headlineOf } from "./said";
import { lengthOf, PAGE, spansOf, useRuns } from "./spans";
import { Views } from "./views";

const LATEST = "-started";
/** Said as the only column: none is shown, or all are. */
const NONE = "";
const ALL = "*";

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

const NO_PINS: string[] = [];

interface TableProps {
  /** Of all runs of the project. */
  head: RunPage;
  /** Of those that fit the filter. */
  found: RunPage;
  project: string | null;
  where: string | null;
}

/** Which metrics and params are columns, as the URL says it; changed at once. */
function useColumns(head: RunPage, url: Url): { all: string[]; shown: string[]; pinned: string[]; show: (ids: string[]) => void; pin: (ids: string[]) => void } {
  const [said, changeSaid] = useList(url, "column");
  const [pins, changePins] = useList(url, "pin");
  const all = useMemo(() => choices(head), [head]);
  const first = useMemo(() => usual(all), [all]);
  const shown = useMemo(() => (said.length === 0 ? first : said[0] === ALL ? all : said.filter((id) => all.includes(id))), [said, first, all]);
  const pinned = useMemo(() => pins.filter((id) => shown.includes(id)), [pins, shown]);
  const show = useCallback(
    (ids: string[]) => changeSaid(() => (ids.length === 0 ? [NONE] : ids.join("\n") === first.join("\n") ? [] : ids.length === all.length ? [ALL] : ids)),
    [changeSaid, first, all],
  );
  const pin = useCallback((ids: string[]) => changePins(() => ids), [changePins]);
  return { all, shown, pinned, show, pin };
}

function Table({ head, found, project, where }: TableProps): ReactElement {
  const url = useUrl();
  const go = useNavigate();
  const wide = useMediaQuery("(min-width: 46rem)", true, { getInitialValueInEffect: false });
  const sort = url.get("sort") ?? LATEST;
  const by = url.get("group");
  const { set } = url;
  const [opened, changeOpened] = useList(url, "open");
  const grouped = useGroups(project, where, by, found);
  const spans = useMemo(() => spansOf(found.total, where, by === null ? null : (grouped.groups ?? []), opened), [found.total, where, by, grouped.groups, opened]);
  const { rowAt, groupAt, onSight, failed } = useRuns(project, sort, spans);
  const [chosen, changeChosen] = useList(url, "run");
  const { all, shown, pinned, show, pin } = useColumns(head, url);
  const choose = useCallback(
    ({ id }: RunRow) =>
      changeChosen((before) => {
        const rest = before.filter((one) => one !== id);
        return rest.length < before.length || before.length >= MOST_COMPARED ? rest : [...before, id];
      }),
    [changeChosen],
  );
  const open = useCallback(({ id }: RunRow) => void go(to.run(id)), [go]);
  const columns = useMemo(
    () =>
      columnsOf(found.runs.length === 0 ? head : found, { shown, pinned }, wide, project !== null || head.projects.length === 1, {
        chosen,
        open: chosen.length < MOST_COMPARED,
        choose,
      }),
    [head, found, shown, pinned, wide, project, chosen, choose],
  );
  const headAt = useCallback(
    (index: number): SheetHead | null => {
      const group = groupAt(index);
      if (group === null) return null;
      const toggle = (): void => changeOpened((before) => (before.includes(group.key) ? before.filter((key) => key !== group.key) : [...before, group.key]));
      return { text: group.text, says: plural(group.total, "run"), open: opened.includes(group.key), toggle };
    },
    [groupAt, opened, changeOpened],
  );
  return (
    <>
      <div className="controls">
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
          <Select size="xs" aria-label="Project" placeholder="All projects" data={head.projects} value={project} searchable clearable onChange={(value) => set({ project: value })} />
        ) : null}
        <Select
          size="xs"
          aria-label="Group by"
          placeholder="Not grouped"
          data={[
            ...(project === null && head.projects.length > 1 ? [{ value: "project", label: "by project" }] : []),
            { value: "status", label: "by status" },
            ...head.params.map((name) => ({ value: `params.${name}`, label: `by ${name}` })),
          ]}
          value={by}
          searchable
          clearable
          onChange={(value) => set({ group: value, open: [] }, "replace")}
        />
        {all.length === 0 ? null : <Chooser all={all} shown={shown} pinned={pinned} onChange={show} onPin={pin} />}
        <Views />
      </div>
      {failed === null ? null : <Failed {...failed} />}
      {grouped.failure === null ? null : <Failed failure={grouped.failure} />}
      {found.total === 0 ? (
        <Empty>{where === null ? "No run is of this project." : "No run fits. The filter names what a run must have; one that lacks it does not fit."}</Empty>
      ) : by !== null && grouped.groups === null && grouped.failure === null ? (
        <Loading />
      ) : (
        <Sheet
          label="Runs"
          length={lengthOf(spans)}
          rowAt={rowAt}
          headAt={headAt}
          columns={columns}
          pinned={1 + (wide ? pinned : NO_PINS).length}
          sort={sort}
          onSort={(next) => set({ sort: next === LATEST ? null : next }, "replace")}
          onOpen={open}
          onChoose={choose}
          onSight={onSight}
        />
      )}
    </>
  );
}

const BAD = 400;

/** The table of what fits the filter; a filter that cannot be read is answered below its field. */
function Runs({ head, project }: { head: RunPage; project: string | null }): ReactElement {
  const { get, set } = useUrl();
  const where = get("where");
  const found = useAnswer<RunPage>(api.runs({ project, where, sort: LATEST, offset: 0, limit: PAGE }));
  const refused = found.failure !== null && found.failure.status === BAD ? found.failure : null;
  const [headline, standfirst] = refused !== null ? ["The filter cannot be read.", ""] :
    where === null || found.data === null ? headlineOf(head.total, head.projects.length, project, head.runs) : foundOf(found.data.total, head.total, found.data.runs);
  return (
    <>
      <Head title="Runs" headline={headline} {...(standfirst === "" ? {} : { standfirst })} />
      <Section title="Runs">
        <Filter where={where} onWhere={(next) => set({ where: next, open: [] })} failure={refused} />
        {refused === null ? (
          <Shown answer={found}>{(page) => <Table key={`${project ?? ""} ${where ?? ""}`} head={head} found={page} project={project} where={where} />}</Shown>
        ) : null}
      </Section>
    </>
  );
}

export function RunsPage(): ReactElement {
  const project = useUrl().get("project");
  const head = useAnswer<RunPage>(api.runs({ project, sort: LATEST, offset: 0, limit: PAGE }));
  return (
    <Shown answer={head} whole>
      {(page) => (page.total === 0 && project === null ? <FirstRuns /> : <Runs head={page} project={project} />)}
    </Shown>
  );
}
