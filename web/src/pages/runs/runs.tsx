/** Every run in one table: how it stands, what it was given, how it went. */
import { Button, Select } from "@mantine/core";
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
import { Sheet, type SheetColumn, type SheetHead } from "../../table/sheet";
import { plural } from "../../words";
import { Chooser } from "./chooser";
import { choices, columnsOf, usual } from "./columns";
import { MOST_COMPARED } from "./compare";
import { Filter } from "./filter";
import { both, useGroups } from "./groups";
import { filterOf, readHeld } from "./held";
import { foundOf, headlineOf } from "./said";
import { lengthOf, PAGE, spansOf, useRuns } from "./spans";
import { Sweep } from "./sweep";
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

interface RowsProps {
  /** Of those that fit the filter and lie within what is held. */
  found: RunPage;
  project: string | null;
  where: string | null;
  columns: SheetColumn<RunRow>[];
  /** So many of the first columns stay in sight. */
  staying: number;
  choose: (run: RunRow) => void;
}

/** The runs in sight, in their groups if there are any. */
function Rows({ found, project, where, columns, staying, choose }: RowsProps): ReactElement {
  const url = useUrl();
  const go = useNavigate();
  const sort = url.get("sort") ?? LATEST;
  const by = url.get("group");
  const { set } = url;
  const [opened, changeOpened] = useList(url, "open");
  const grouped = useGroups(project, where, by);
  const spans = useMemo(() => spansOf(found.total, where, by === null ? null : (grouped.groups ?? []), opened), [found.total, where, by, grouped.groups, opened]);
  const { rowAt, groupAt, onSight, failed } = useRuns(project, sort, spans);
  const open = useCallback(({ id }: RunRow) => void go(to.run(id)), [go]);
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
          pinned={staying}
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

function Table({ head, found, project, where }: TableProps): ReactElement {
  const url = useUrl();
  const wide = useMediaQuery("(min-width: 46rem)", true, { getInitialValueInEffect: false });
  const { set } = url;
  const [chosen, changeChosen] = useList(url, "run");
  const [held, changeHeld] = useList(url, "within");
  const { all, shown, pinned, show, pin } = useColumns(head, url);
  const drawn = url.get("parallel") !== null;
  const within = useMemo(() => both(where, ...(drawn ? held : []).flatMap((text) => readHeld(text) ?? []).map(filterOf)), [where, drawn, held]);
  const kept = useAnswer<RunPage>(api.runs({ project, where: within, sort: LATEST, offset: 0, limit: PAGE }));
  const choose = useCallback(
    ({ id }: RunRow) =>
      changeChosen((before) => {
        const rest = before.filter((one) => one !== id);
        return rest.length < before.length || before.length >= MOST_COMPARED ? rest : [...before, id];
      }),
    [changeChosen],
  );
  const columns = useMemo(
    () =>
      columnsOf(found.runs.length === 0 ? head : found, { shown, pinned }, wide, project !== null || head.projects.length === 1, {
        chosen,
        open: chosen.length < MOST_COMPARED,
        choose,
      }),
    [head, found, shown, pinned, wide, project, chosen, choose],
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
        {head.total > 1 ? (
          <Button variant="default" size="xs" aria-pressed={drawn} onClick={() => set({ parallel: drawn ? null : "1", within: [] }, "replace")}>
            {drawn ? "Without the chart" : "Parallel coordinates"}
          </Button>
        ) : null}
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
          value={url.get("group")}
          searchable
          clearable
          onChange={(value) => set({ group: value, open: [] }, "replace")}
        />
        {all.length === 0 ? null : <Chooser all={all} shown={shown} pinned={pinned} onChange={show} onPin={pin} />}
        <Views />
      </div>
      {drawn ? <Sweep project={project} where={where} sort={url.get("sort") ?? LATEST} found={found} shown={shown} url={url} said={held} changeSaid={changeHeld} /> : null}
      {kept.failure === null || kept.data !== null ? null : <Failed failure={kept.failure} retry={kept.retry} />}
      <Rows found={kept.data ?? found} project={project} where={within} columns={columns} staying={1 + (wide ? pinned : NO_PINS).length} choose={choose} />
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
