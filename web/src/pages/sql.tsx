/** SQL over the store's tables, read-only; the query is in the URL, so that it can be sent to someone. */
import { Button, Textarea } from "@mantine/core";
import { type ReactElement, useEffect, useMemo, useState } from "react";

import type { Cell, Query, SqlResult, SqlTable } from "../api";
import { Failure, save, send } from "../data/client";
import { api } from "../data/paths";
import { useAnswer } from "../data/query";
import { useUrl } from "../data/url";
import { Head } from "../parts/page";
import { Empty, Failed, Loading, Shown } from "../parts/states";
import { type Column, Grid } from "../table/grid";
import { cellText, count, plural } from "../words";

interface Row {
  cells: Cell[];
}

const NUMBERS = /INT|DOUBLE|FLOAT|DECIMAL|REAL/i;

function quoted(cell: Cell): string {
  const text = cell === null ? "" : String(cell);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv({ columns, rows }: SqlResult): Blob {
  const lines = [columns, ...rows].map((row) => row.map(quoted).join(","));
  return new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv" });
}

function Result({ result }: { result: SqlResult }): ReactElement {
  const url = useUrl();
  const rows = useMemo(() => result.rows.map((cells): Row => ({ cells })), [result]);
  const columns = useMemo(
    () =>
      result.columns.map((name, at): Column<Row> => {
        const number = NUMBERS.test(result.types[at] ?? "");
        return {
          id: `${at}`,
          head: name,
          ...(result.types[at] === undefined ? {} : { means: result.types[at] }),
          number,
          value: ({ cells }) => {
            const cell = cells[at] ?? null;
            return typeof cell === "boolean" ? String(cell) : cell;
          },
          cell: ({ cells }) => cellText(cells[at] ?? null),
        };
      }),
    [result],
  );
  return (
    <>
      <p className="small soft" style={{ margin: "1.25rem 0 0.5rem" }}>
        {result.truncated ? `The first ${count(result.rows.length)} rows; there are more` : plural(result.rows.length, "row")},{" "}
        {result.seconds < 0.01 ? "at once" : `${result.seconds.toFixed(2)} s`} ·{" "}
        <button type="button" className="linkish" onClick={() => save(csv(result), "whence.csv")}>
          Save as CSV
        </button>
      </p>
      {rows.length === 0 ? (
        <Empty>The query has no rows.</Empty>
      ) : (
        <Grid
          label="Result"
          className="grid-plain"
          rows={rows}
          columns={columns}
          rowHeight={32}
          fixed
          sort={url.get("sort")}
          onSort={(sort) => url.set({ sort }, "replace")}
          keys
        />
      )}
    </>
  );
}

type State = { kind: "busy" } | { kind: "failed"; failure: Failure } | { kind: "done"; result: SqlResult };

/** Runs one query once; it is given up when the next takes its place. */
function Answered({ sql }: { sql: string }): ReactElement {
  const [state, setState] = useState<State>({ kind: "busy" });
  useEffect(() => {
    const stop = new AbortController();
    const body: Query = { sql };
    send<SqlResult>(api.sql, body, stop.signal)
      .then((result) => setState({ kind: "done", result }))
      .catch((error: unknown) => {
        if (!stop.signal.aborted && error instanceof Failure) setState({ kind: "failed", failure: error });
      });
    return () => stop.abort();
  }, [sql]);
  if (state.kind === "busy") return <Loading height={120} />;
  return state.kind === "failed" ? <Failed failure={state.failure} /> : <Result result={state.result} />;
}

function Tables({ onPick }: { onPick: (sql: string) => void }): ReactElement {
  const tables = useAnswer<SqlTable[]>(api.tables);
  return (
    <Shown answer={tables} height={120}>
      {(all) =>
        all.length === 0 ? (
          <Empty>The store has no tables yet.</Empty>
        ) : (
          <>
            {all.map((table) => (
              <details key={table.sql}>
                <summary>{table.name}</summary>
                <p className="small" style={{ margin: "0.25rem 0" }}>
                  <button type="button" className="linkish" onClick={() => onPick(`SELECT * FROM ${table.sql} LIMIT 100`)}>
                    Show 100 rows
                  </button>
                </p>
                <ul>
                  {table.columns.map(([name, type]) => (
                    <li key={name}>
                      <span>{name}</span>
                      <span className="soft">{type.toLowerCase()}</span>
                    </li>
                  ))}
                </ul>
              </details>
            ))}
          </>
        )
      }
    </Shown>
  );
}

/** What is typed, and the query of the URL that it began from. */
interface Draft {
  of: string | null;
  text: string;
}

export function SqlPage(): ReactElement {
  const url = useUrl();
  const asked = url.get("q");
  const [draft, setDraft] = useState<Draft>({ of: asked, text: asked ?? "" });
  const [runs, setRuns] = useState(0);
  // Another link brings another query; until then what is typed stands.
  const text = draft.of === asked ? draft.text : (asked ?? "");
  const run = (sql: string): void => {
    setDraft({ of: sql, text: sql });
    if (sql === asked) setRuns((before) => before + 1);
    else url.set({ q: sql, sort: null });
  };
  return (
    <>
      <Head title="SQL" headline="Ask the tables themselves." standfirst="DuckDB’s SQL, reading only. The query is part of the link." />
      <div className="sql" style={{ marginTop: "1.75rem" }}>
        <div style={{ minWidth: 0 }}>
          <Textarea
            data-find
            aria-label="SQL"
            placeholder="SELECT …"
            autosize
            minRows={5}
            maxRows={18}
            spellCheck={false}
            classNames={{ input: "code" }}
            value={text}
            onChange={(event) => setDraft({ of: asked, text: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                run(text);
              }
              if (event.key === "Escape") event.currentTarget.blur();
            }}
          />
          <div className="deeds">
            <Button size="xs" disabled={text.trim() === ""} onClick={() => run(text)}>
              Run
            </Button>
            <span className="soft small">Ctrl + Enter</span>
          </div>
          {asked === null || asked.trim() === "" ? null : <Answered key={`${runs} ${asked}`} sql={asked} />}
        </div>
        <div>
          <h2 style={{ fontSize: "1.0625rem", fontWeight: 650, marginBottom: "0.5rem" }}>Tables</h2>
          <Tables onPick={run} />
        </div>
      </div>
    </>
  );
}
