/** The rows themselves: wrong answers of the failing slice beside right ones that are healthy. */
import { Button, Modal } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { type ReactElement, type ReactNode, useState } from "react";
import { Link } from "react-router";

import type { Cell, IncidentPage, RowPage, Slice } from "../../api";
import { api, type RowsWanted, to } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { Photo } from "../../parts/photo";
import { Empty, Shown } from "../../parts/states";
import { type Column, Grid } from "../../table/grid";
import { cellText, count, describe, isPart, period } from "../../words";

const FIRST = { wide: 20, narrow: 9 };
const MORE = 100;
const MOST_COLUMNS = 8;

/** A row by its columns' names. */
const named = (columns: string[], row: Cell[]): Record<string, Cell> =>
  Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null]));

function caption(row: Record<string, Cell>): string {
  const said = row["_prediction"];
  const truth = row["_label"];
  if (truth === null || truth === undefined) return `said ${cellText(said ?? null)}`;
  return said === truth
    ? `${cellText(said ?? null)}, right`
    : `said ${cellText(said ?? null)}, was ${cellText(truth)}`;
}

export function Values({ row }: { row: Record<string, Cell> }): ReactElement {
  return (
    <dl className="values">
      {Object.entries(row).map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name.replace(/^_/, "")}</dt>
          <dd>{cellText(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Photos({ page }: { page: RowPage }): ReactElement {
  const [open, setOpen] = useState<number | null>(null);
  const chosen = open === null ? undefined : page.rows[open];
  const path = open === null ? null : (page.photos[open] ?? null);
  return (
    <>
      <div className="photos">
        {page.rows.map((cells, at) => {
          const row = named(page.columns, cells);
          const photo = page.photos[at] ?? null;
          const words = caption(row);
          return (
            <figure key={`${page.offset + at} ${String(row["_id"])}`}>
              <button type="button" aria-label={`${words}: all values`} onClick={() => setOpen(at)}>
                {photo === null ? <span className="missing">not to be shown</span> : <Photo path={photo} alt={words} />}
              </button>
              <figcaption title={words}>{words}</figcaption>
            </figure>
          );
        })}
      </div>
      <Modal opened={chosen !== undefined} onClose={() => setOpen(null)} title={chosen === undefined ? "" : caption(named(page.columns, chosen))} centered>
        {path === null ? null : <Photo path={path} alt="the photo of this row" className="large-photo" />}
        <div style={{ height: "1rem" }} />
        {chosen === undefined ? null : <Values row={named(page.columns, chosen)} />}
      </Modal>
    </>
  );
}

function Table({ page, label }: { page: RowPage; label: string }): ReactElement {
  const rows = page.rows.map((cells) => named(page.columns, cells));
  const columns: Column<Record<string, Cell>>[] = page.columns
    .filter((name) => name !== "_id")
    .slice(0, MOST_COLUMNS)
    .map((name) => ({
      id: name,
      head: name.replace(/^_/, ""),
      cell: (row) => cellText(row[name] ?? null),
    }));
  return <Grid label={label} rows={rows} columns={columns} className="grid-plain" rowHeight={32} fixed />;
}

interface SideProps {
  model: string;
  title: string;
  says: ReactNode;
  wanted: RowsWanted;
  empty: string;
  answer: ReturnType<typeof useAnswer<RowPage>>;
  more: boolean;
  onMore: () => void;
}

function Side({ model, title, says, wanted, empty, answer, more, onMore }: SideProps): ReactElement {
  return (
    <div>
      <h3 style={{ fontSize: "0.9375rem", fontWeight: 600 }}>{title}</h3>
      <p className="small soft" style={{ marginBottom: "0.75rem" }}>
        {says}
        {answer.data === null ? "" : ` · ${count(answer.data.total)}`}
      </p>
      <Shown answer={answer} height={160}>
        {(page) =>
          page.rows.length === 0 ? (
            <Empty>{empty}</Empty>
          ) : (
            <>
              {page.photos.some((photo) => photo !== null) ? <Photos page={page} /> : <Table page={page} label={title} />}
              <p style={{ marginTop: "0.75rem", display: "flex", gap: "1rem", alignItems: "baseline" }} className="small">
                {more || page.total <= page.rows.length ? null : (
                  <Button variant="default" size="compact-xs" onClick={onMore}>
                    Show more
                  </Button>
                )}
                <Link to={to.rows(model, wanted)}>All {count(page.total)} as a table</Link>
              </p>
            </>
          )
        }
      </Shown>
    </div>
  );
}

/** Healthy rows to hold beside the failing ones: the rest of the same time, else the reference. */
export function Examples({ page }: { page: IncidentPage }): ReactElement {
  const [more, setMore] = useState(false);
  const { model } = page.head;
  const where: Slice = page.report?.verdict.where ?? page.head.incident.where;
  const part = isPart(where);
  const narrow = useMediaQuery("(max-width: 46rem)", undefined, { getInitialValueInEffect: false });
  const limit = more ? MORE : FIRST[narrow === true ? "narrow" : "wide"];
  const failing: RowsWanted = { where, start: page.period.start, end: page.period.end, wrong: true };
  // The rest of the slice shares its days, and differs in nothing else than the slice.
  const rest: RowsWanted = { ...failing, wrong: false, outside: true };
  const before: RowsWanted = { where: null, start: page.reference.start, end: page.reference.end, wrong: false };
  const wrong = useAnswer<RowPage>(api.rows(model, { ...failing, limit }));
  const others = useAnswer<RowPage>(part ? api.rows(model, { ...rest, limit }) : null);
  const useRest = part && others.data?.total !== 0;
  const reference = useAnswer<RowPage>(useRest ? null : api.rows(model, { ...before, limit }));
  const loss = page.higher_is_better ? "Wrong answers" : "Answers worse than usual";
  const good = page.higher_is_better ? "Right answers" : "Answers no worse than usual";
  const onMore = (): void => setMore(true);
  return (
    <div className="two">
      <Side
        model={model}
        title={`${loss}, ${describe(where)}`}
        says={period(page.period)}
        wanted={failing}
        empty={`No labelled row of this slice was answered ${page.higher_is_better ? "wrongly" : "worse than usual"} in that time.`}
        answer={wrong}
        more={more}
        onMore={onMore}
      />
      <Side
        model={model}
        title={useRest ? `${good} in the other rows` : `${good} in the reference`}
        says={period(useRest ? page.period : page.reference)}
        wanted={useRest ? rest : before}
        empty="There is none."
        answer={useRest ? others : reference}
        more={more}
        onMore={onMore}
      />
    </div>
  );
}
