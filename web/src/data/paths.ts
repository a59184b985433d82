/** The API's paths and the page's own, each written in one place. */
import type { Slice } from "../api";

type Part = string | number | readonly string[] | null | undefined;

function withQuery(path: string, parts: Record<string, Part>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value === "object" && value !== null) for (const one of value) query.append(name, one);
    else if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

const of = (model: string): string => `/models/${encodeURIComponent(model)}`;
const slice = (where: Slice | null): string | null =>
  where !== null && Object.keys(where).length > 0 ? JSON.stringify(where) : null;

/** A stretch of time in a URL; null is "as far as there is". */
export interface Span {
  start: string | null;
  end: string | null;
}

export interface RowsWanted extends Span {
  where: Slice | null;
  wrong: boolean | null;
  /** The rows that the slice does not hold instead. */
  outside?: boolean;
  offset?: number;
  limit?: number;
}

const rowsQuery = (wanted: RowsWanted): Record<string, Part> => ({
  where: slice(wanted.where),
  start: wanted.start,
  end: wanted.end,
  wrong: wanted.wrong === null ? null : Number(wanted.wrong),
  outside: wanted.outside === true ? 1 : null,
});

export interface RunsWanted {
  project: string | null;
  /** A filter, as docs/runs.md has it. */
  where?: string | null;
  /** As the server says it: `-started`, `metrics.loss`; null is the latest first. */
  sort: string | null;
  offset?: number;
  limit?: number;
}

export interface GroupsWanted {
  project: string | null;
  where: string | null;
  /** `project`, `status` or `params.NAME`. */
  by: string;
}

/** Paths below /api/v1. */
export const api = {
  models: "/models",
  alerts: "/alerts",
  channels: "/channels",
  messages: "/messages",
  silences: "/silences",
  endSilence: (id: number) => `/silences/${id}/end`,
  tables: "/tables",
  sql: "/sql",
  live: "/live",
  model: (model: string) => of(model),
  series: (model: string, { start, end }: Span, where: Slice | null) =>
    withQuery(`${of(model)}/series`, { start, end, where: slice(where) }),
  drift: (model: string, { start, end }: Span) => withQuery(`${of(model)}/drift`, { start, end }),
  distribution: (model: string, column: string, { start, end }: Span) =>
    withQuery(`${of(model)}/distribution`, { column, start, end }),
  slices: (model: string, column: string, { start, end }: Span) =>
    withQuery(`${of(model)}/slices`, { column, start, end }),
  rows: (model: string, wanted: RowsWanted) =>
    withQuery(`${of(model)}/rows`, {
      ...rowsQuery(wanted),
      offset: wanted.offset ?? 0,
      limit: wanted.limit ?? 100,
    }),
  photo: (path: string) => withQuery("/photo", { path }),
  incident: (model: string, id: string) => `${of(model)}/incidents/${encodeURIComponent(id)}`,
  why: (model: string, id: string) => `${api.incident(model, id)}/why`,
  actions: (model: string, id: string) => `${api.incident(model, id)}/actions`,
  exported: (model: string, id: string, kind: "md" | "json") =>
    `${api.incident(model, id)}/export.${kind}`,
  review: (model: string, monday: string) =>
    withQuery(`${of(model)}/review.html`, { week: monday }),
  runs: ({ project, where, sort, offset = 0, limit = 100 }: RunsWanted) =>
    withQuery("/runs", { project, where, sort, offset, limit }),
  runGroups: ({ project, where, by }: GroupsWanted) => withQuery("/run-groups", { project, where, by }),
  run: (id: string) => `/runs/${encodeURIComponent(id)}`,
  deleteRun: (id: string) => `${api.run(id)}/delete`,
  restoreRun: (id: string) => `${api.run(id)}/restore`,
  curves: (id: string) => `${api.run(id)}/curve`,
  curve: (id: string, metric: string) => withQuery(api.curves(id), { metric }),
  captured: (id: string) => `${api.run(id)}/captured`,
  output: (id: string, start: number) => withQuery(`${api.run(id)}/output`, { start }),
  artifacts: (id: string) => `${api.run(id)}/artifacts`,
  artifact: (id: string, path: string) => `${api.artifacts(id)}/${path.split("/").map(encodeURIComponent).join("/")}`,
  registry: (offset = 0) => withQuery("/registry", { offset }),
  registered: (name: string) => `/registry/${encodeURIComponent(name)}`,
  aliases: (name: string) => `${api.registered(name)}/aliases`,
  lineage: (ref: string) => withQuery("/lineage", { of: ref }),
};

/** The page's own paths. */
export const to = {
  models: "/",
  alerts: "/alerts",
  sql: "/sql",
  runs: (project: string | null = null) => withQuery("/runs", { project }),
  run: (id: string) => `/runs/${encodeURIComponent(id)}`,
  compare: (ids: readonly string[]) => withQuery("/runs/compare", { run: ids }),
  /** The runs that fit a filter. */
  runsWhere: (where: string) => withQuery("/runs", { where }),
  registry: "/registry",
  registered: (name: string) => `/registry/${encodeURIComponent(name)}`,
  /** What something came from and led to: a reference, or a monitored model's name. */
  lineage: (ref: string) => withQuery("/lineage", { of: ref }),
  /** The form for a silence, filled in. */
  silence: (model: string) => withQuery("/alerts", { silence: model }),
  model: (model: string) => of(model),
  column: (model: string, column: string, span: Span = { start: null, end: null }) =>
    withQuery(of(model), { column, ...span }),
  where: (model: string, where: Slice, column: string) =>
    withQuery(of(model), { where: slice(where), column }),
  incident: (model: string, id: string) => `${of(model)}/incidents/${encodeURIComponent(id)}`,
  rows: (model: string, wanted: RowsWanted) => withQuery(`${of(model)}/rows`, rowsQuery(wanted)),
};
