/** One file of a run: a picture, a table or a text is shown, others are saved. */
import { type ReactElement, useEffect, useMemo, useState } from "react";

import type { ArtifactRow, Cell } from "../../api";
import { download, Failure, request } from "../../data/client";
import { api } from "../../data/paths";
import { Picture } from "../../parts/photo";
import { Failed, Loading } from "../../parts/states";
import { type Column, Grid } from "../../table/grid";
import { bytes, cellText, plural, when } from "../../words";
import { ofCsv, ofJson, type Tabular } from "./tabular";

/** A longer text is saved, not shown. */
const MOST_TEXT = 1_000_000;
const MOST_COLUMNS = 40;

export const isPicture = (path: string): boolean => /\.(?:png|jpe?g|gif|webp|bmp|avif)$/i.test(path);

type State = { kind: "busy" } | { kind: "none" } | { kind: "failed"; failure: Failure } | { kind: "text"; text: string };

/** The text of a file; the server says whether it may be shown, and of others nothing more is read. */
function useText(path: string): State {
  const [state, setState] = useState<State>({ kind: "busy" });
  useEffect(() => {
    const stop = new AbortController();
    const fetched = async (): Promise<State> => {
      const answer = await request(path, { signal: stop.signal });
      if (answer.headers.get("Content-Disposition")?.startsWith("inline") === true) return { kind: "text", text: await answer.text() };
      stop.abort();
      return { kind: "none" };
    };
    fetched()
      .then(setState)
      .catch((error: unknown) => {
        if (!stop.signal.aborted && error instanceof Failure) setState({ kind: "failed", failure: error });
      });
    return () => stop.abort();
  }, [path]);
  return state;
}

interface Row {
  cells: Cell[];
}

function Table({ table: { columns, rows }, name }: { table: Tabular; name: string }): ReactElement {
  const [sort, setSort] = useState<string | null>(null);
  const shown = useMemo(() => rows.map((cells): Row => ({ cells })), [rows]);
  const heads = useMemo(
    () =>
      columns.slice(0, MOST_COLUMNS).map(
        (head, at): Column<Row> => ({
          id: `${at}`,
          head,
          number: rows.every((row) => row[at] === null || row[at] === undefined || typeof row[at] === "number"),
          value: ({ cells }) => {
            const cell = cells[at] ?? null;
            return typeof cell === "boolean" ? String(cell) : cell;
          },
          cell: ({ cells }) => cellText(cells[at] ?? null),
        }),
      ),
    [columns, rows],
  );
  return (
    <>
      <p className="soft small">
        {plural(rows.length, "row")} of {plural(columns.length, "column")}
        {columns.length > MOST_COLUMNS ? `; the first ${MOST_COLUMNS} are shown` : ""}
      </p>
      <Grid label={name} className="grid-plain" rows={shown} columns={heads} rowHeight={32} fixed sort={sort} onSort={setSort} />
    </>
  );
}

/** A text as a table where it is one, JSON with its lines, else as it is. */
function read(path: string, text: string): { table: Tabular | null; text: string } {
  if (/\.[ct]sv$/i.test(path)) return { table: ofCsv(text, /\.tsv$/i.test(path) ? "\t" : ","), text };
  if (!/\.json$/i.test(path)) return { table: null, text };
  try {
    const value: unknown = JSON.parse(text);
    return { table: ofJson(value), text: JSON.stringify(value, null, 2) };
  } catch {
    return { table: null, text }; // it is called JSON and is none: shown as it is
  }
}

function Text({ path, file }: { path: string; file: ArtifactRow }): ReactElement {
  const state = useText(path);
  const found = useMemo(() => (state.kind === "text" ? read(file.path, state.text) : null), [state, file.path]);
  if (state.kind === "busy") return <Loading height={120} />;
  if (state.kind === "failed") return <Failed failure={state.failure} />;
  if (found === null) return <p className="empty">Not a picture, a table or a text: save it to open it elsewhere.</p>;
  if (found.table !== null && found.table.columns.length > 0) return <Table table={found.table} name={file.path} />;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable
    <pre className="text" tabIndex={0} aria-label={file.path}>
      {found.text}
    </pre>
  );
}

export function Artifact({ run, file }: { run: string; file: ArtifactRow }): ReactElement {
  const [failure, setFailure] = useState<Failure | null>(null);
  const path = api.artifact(run, file.path);
  const name = file.path.slice(file.path.lastIndexOf("/") + 1);
  const keep = async (): Promise<void> => {
    try {
      await download(path, name);
      setFailure(null);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      setFailure(error);
    }
  };
  return (
    <>
      <h3 className="file-name">{file.path}</h3>
      <p className="soft small">
        {bytes(file.size)}, logged {when(file.logged)} ·{" "}
        <button type="button" className="linkish" onClick={() => void keep()}>
          Save it
        </button>
      </p>
      {failure === null ? null : <Failed failure={failure} />}
      {isPicture(file.path) ? (
        <Picture path={path} alt={file.path} className="file-picture" />
      ) : file.size > MOST_TEXT ? (
        <p className="empty">Too long to be shown here: save it to open it elsewhere.</p>
      ) : (
        <Text path={path} file={file} />
      )}
    </>
  );
}
