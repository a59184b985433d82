/** The columns of the table of runs: what each run has, and the metrics and params that are chosen. */
import type { ReactElement } from "react";
import { Link } from "react-router";

import type { RunPage, RunRow } from "../../api";
import { useNow } from "../../data/now";
import { to } from "../../data/paths";
import type { SheetColumn } from "../../table/sheet";
import { cellText, when } from "../../words";
import { DOTS, isSystem, lastText, paramText, took, tookText } from "./said";

/** Widths in pixels, of a text in the size of the table. */
const CHARACTER = 7.6;
const LEAST = 96;
const MOST = 210;

const widthOf = (text: string): number => Math.round(Math.min(Math.max(CHARACTER * text.length + 34, LEAST), MOST));

function Took({ run }: { run: RunRow }): ReactElement {
  return <>{tookText(took(run, useNow()))}</>;
}

export interface Choice {
  chosen: readonly string[];
  /** Whether one more may be chosen. */
  open: boolean;
  choose: (run: RunRow) => void;
}

function fixed(wide: boolean, choice: Choice): SheetColumn<RunRow>[] {
  const { chosen, open, choose } = choice;
  return [
    {
      id: "name",
      head: "Run",
      width: wide ? 230 : 165,
      sorts: "up",
      cell: (run) => (
        <span className="who" title={run.name}>
          <input
            type="checkbox"
            aria-label={`Compare ${run.name}`}
            checked={chosen.includes(run.id)}
            disabled={!open && !chosen.includes(run.id)}
            onChange={() => choose(run)}
          />
          <Link to={to.run(run.id)}>{run.name}</Link>
        </span>
      ),
    },
    { id: "status", head: "Status", width: 105, sorts: "up", cell: ({ status }) => <span className={`state ${DOTS[status]}`}>{status}</span> },
    { id: "started", head: "Started", means: "in UTC", width: 145, sorts: "down", cell: ({ started }) => when(started) },
    { id: "took", head: "Took", width: 105, cell: (run) => <Took run={run} /> },
  ];
}

const projectColumn = (projects: string[]): SheetColumn<RunRow> => ({
  id: "project",
  head: "Project",
  width: Math.max(LEAST, ...projects.map(widthOf)),
  sorts: "up",
  cell: ({ project }) => <span title={project}>{project}</span>,
});

/** The ids of all columns that can be chosen, as the server sorts by them. */
export const choices = ({ metrics, params }: RunPage): string[] => [
  ...metrics.map((name) => `metrics.${name}`),
  ...params.map((name) => `params.${name}`),
];

/** What is a column until somebody chooses: not what the machine measured. */
export const usual = (all: string[]): string[] => all.filter((id) => !isSystem(id.replace(/^metrics\./, "")));

function valueColumn(id: string, texts: ReadonlySet<string>): SheetColumn<RunRow> {
  const dot = id.indexOf(".");
  const name = id.slice(dot + 1);
  if (id.startsWith("metrics.")) {
    return { id, head: name, means: `${name}: its last value`, width: widthOf(name), number: true, sorts: "down", cell: ({ metrics }) => lastText(metrics[name]) };
  }
  return {
    id,
    head: name,
    means: `${name}: a param`,
    width: widthOf(name),
    number: !texts.has(name),
    sorts: "up",
    cell: ({ params }) => {
      const value = params[name];
      // Cut off at the end, 0.00001234 and 0.01234 would look the same.
      return <span title={paramText(value)}>{typeof value === "number" ? cellText(value) : paramText(value)}</span>;
    },
  };
}

/** Params that are not numbers in some of the runs. */
function textsOf(runs: RunRow[]): Set<string> {
  return new Set(
    runs.flatMap(({ params }) => Object.keys(params).filter((name) => typeof params[name] !== "number")),
  );
}

export interface Chosen {
  shown: string[];
  /** Of those shown, the ones that come right after the name. */
  pinned: string[];
}

export function columnsOf(page: RunPage, { shown, pinned }: Chosen, wide: boolean, oneProject: boolean, choice: Choice): SheetColumn<RunRow>[] {
  const texts = textsOf(page.runs);
  const [name, ...others] = fixed(wide, choice);
  return [
    ...(name === undefined ? [] : [name]),
    ...pinned.map((id) => valueColumn(id, texts)),
    ...others,
    ...(oneProject ? [] : [projectColumn(page.projects)]),
    ...shown.filter((id) => !pinned.includes(id)).map((id) => valueColumn(id, texts)),
  ];
}
