/** The rows of a slice and period, as many as there are: read 500 at a time while one scrolls. */
import { Modal, SegmentedControl } from "@mantine/core";
import { type ReactElement, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useParams } from "react-router";

import type { Cell, ModelPage, RowPage } from "../api";
import { Failure, read } from "../data/client";
import { api, type RowsWanted, to } from "../data/paths";
import { useAnswer } from "../data/query";
import { sliceOf, useUrl } from "../data/url";
import { Head } from "../parts/page";
import { Photo } from "../parts/photo";
import { Empty, Failed, Loading } from "../parts/states";
import { type Column, Grid } from "../table/grid";
import { cellText, count, describe, plural, sentenceCase, when } from "../words";
import { Values } from "./incident/examples";

const PAGE = 500;
const MOST_COLUMNS = 40;

interface Row {
  at: number;
  cells: Cell[];
  photo: string | null;
}

interface Loaded {
  columns: string[];
  rows: Row[];
  total: number | null;
  failure: Failure | null;
  more: () => void;
}

const NOTHING = { columns: [] as string[], rows: [] as Row[], total: null, failure: null };

function useRows(model: string, wanted: RowsWanted): Loaded {
  const path = api.rows(model, { ...wanted, offset: 0, limit: PAGE });
  const [state, setState] = useState<Omit<Loaded, "more">>(NOTHING);
  const busy = useRef<AbortController | null>(null);
  const load = useCallback(
    async (offset: number) => {
      const stop = new AbortController();
      busy.current = stop;
      try {
        const page = await read<RowPage>(path.replace("offset=0", `offset=${offset}`), stop.signal);
        setState((before) => ({
          columns: page.columns.length > 0 ? page.columns : before.columns,
          rows: [
            ...(offset === 0 ? [] : before.rows),
            ...page.rows.map((cells, at) => ({ at: offset + at, cells, photo: page.photos[at] ?? null })),
          ],
          total: page.total,
          failure: null,
        }));
      } catch (error) {
        if (stop.signal.aborted) return;
        if (!(error instanceof Failure)) throw error;
        setState((before) => ({ ...before, failure: error }));
      } finally {
        if (busy.current === stop) busy.current = null;
      }
    },
    [path],
  );
  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- it is set when the answer is there
    void load(0);
    return () => busy.current?.abort();
  }, [load]);
  const more = useCallback(() => {
    const { rows, total } = state;
    if (busy.current === null && total !== null && rows.length < total) void load(rows.length);
  }, [load, state]);
  return { ...state, more };
}

function columnsOf(names: string[], photos: boolean): Column<Row>[] {
  const values = names.slice(0, MOST_COLUMNS).map(
    (name, at): Column<Row> => ({
      id: name,
      head: name.replace(/^_/, ""),
      cell: ({ cells }) => cellText(cells[at] ?? null),
    }),
  );
  if (!photos) return values;
  const photo: Column<Row> = {
    id: "photo of the row",
    head: "",
    cell: (row) =>
      row.photo === null ? null : (
        <Photo path={row.photo} alt="" className="thumb" />
      ),
  };
  return [photo, ...values];
}

/** What answers are called: of a loss that is no 0/1, those beyond its mean in the reference are worse than usual. */
interface Answers {
  kinds: [wrong: string, right: string];
  choices: [wrong: string, right: string];
}

const RIGHT_OR_WRONG: Answers = { kinds: ["wrong answer", "right answer"], choices: ["wrong", "right"] };
const BY_DEGREES: Answers = { kinds: ["worse answer", "usual answer"], choices: ["worse than usual", "no worse"] };

function sentence(model: string, wanted: RowsWanted, answers: Answers, total: number | null): string {
  const kind = wanted.wrong === null ? "row" : answers.kinds[wanted.wrong ? 0 : 1];
  const where = describe(wanted.where ?? {});
  const slice = wanted.outside === true ? `not ${where}` : where;
  const since = wanted.start === null ? "" : ` since ${when(wanted.start)}`;
  const until = wanted.end === null ? "" : ` before ${when(wanted.end)}`;
  return sentenceCase(`${total === null ? `${kind}s` : plural(total, kind)} of ${model}: ${slice}${since}${until}.`);
}

function View({ model, wanted }: { model: string; wanted: RowsWanted }): ReactElement {
  const url = useUrl();
  const [open, setOpen] = useState<Row | null>(null);
  const { columns, rows, total, failure, more } = useRows(model, wanted);
  const row = useAnswer<ModelPage>(api.model(model)).data?.row;
  const answers = row !== undefined && row.metric !== null && !row.higher_is_better ? BY_DEGREES : RIGHT_OR_WRONG;
  const photos = rows.some((one) => one.photo !== null);
  const shown = useMemo(() => columnsOf(columns, photos), [columns, photos]);
  const path = open?.photo ?? null;
  return (
    <>
      <Head
        title={`Rows of ${model}`}
        kicker={<Link to={to.model(model)}>{model}</Link>}
        headline={sentence(model, wanted, answers, total)}
      />
      <div className="deeds" style={{ margin: "1.25rem 0" }}>
        <SegmentedControl
          size="xs"
          aria-label="Answers"
          value={wanted.wrong === null ? "all" : String(Number(wanted.wrong))}
          data={[
            { value: "all", label: "all" },
            { value: "1", label: answers.choices[0] },
            { value: "0", label: answers.choices[1] },
          ]}
          onChange={(next) => url.set({ wrong: next === "all" ? null : next }, "replace")}
        />
        {total === null || total === 0 ? null : (
          <span className="soft small">
            {count(rows.length)} of {count(total)} read
          </span>
        )}
      </div>
      {failure === null ? null : <Failed failure={failure} retry={more} />}
      {total === null && failure === null ? <Loading /> : null}
      {total === 0 ? <Empty>No row fits.</Empty> : null}
      {rows.length === 0 ? null : (
        <Grid
          label="Rows"
          className="grid-plain"
          rows={rows}
          columns={shown}
          rowHeight={photos ? 47 : 32}
          fixed
          onNearEnd={more}
          onOpen={setOpen}
          keys
        />
      )}
      <Modal opened={open !== null} onClose={() => setOpen(null)} title="One row" centered>
        {path === null ? null : <Photo path={path} alt="the photo of this row" className="large-photo" />}
        <div style={{ height: "1rem" }} />
        {open === null ? null : (
          <Values row={Object.fromEntries(columns.map((name, at) => [name, open.cells[at] ?? null]))} />
        )}
      </Modal>
    </>
  );
}

export function RowsPage(): ReactElement {
  const { model = "" } = useParams();
  const url = useUrl();
  const wrong = url.get("wrong");
  const wanted: RowsWanted = {
    where: sliceOf(url.get("where")),
    start: url.get("start"),
    end: url.get("end"),
    wrong: wrong === null ? null : wrong === "1",
    outside: url.get("outside") === "1",
  };
  return <View key={api.rows(model, wanted)} model={model} wanted={wanted} />;
}
