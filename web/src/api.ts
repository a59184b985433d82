/**
 * The JSON of the server's API: `whence/types/pages.py`, `reports.py`, `runs.py`, `captured.py`,
 * `artifacts.py`, `registry.py`, `lineage.py` and `telling.py`, field for field.
 *
 * Times are ISO 8601 in UTC, except in `Series`, `DriftMap` and `SliceTable.start`: milliseconds
 * since 1970. A number that is not known is null.
 */

export type Time = string;
export type Milliseconds = number;

/** A value, null for "missing", or a closed interval whose null ends are open. */
export type Condition = string | number | boolean | null | [number | null, number | null];
/** Column -> condition, joined by *and*; `{}` is all rows. */
export type Slice = Record<string, Condition>;
export type Interval = [number, number];

export interface Window {
  start: Time;
  end: Time;
}

// reports.py

export interface Alert {
  kind: "performance" | "drift" | "quality" | "volume";
  column: string | null;
  metric: string | null;
  window: Window;
  statistic: number;
  threshold: number;
  explanation: string;
}

export interface Incident {
  id: string;
  metric: string;
  started: Time;
  detected: Time;
  ended: Time | null;
  before: number;
  after: number;
  where: Slice;
  cause: string | null;
}

export interface Trigger {
  kind: EventKind;
  name: string;
  at: Time;
}

export interface Finding {
  cause: string;
  slice: Slice;
  points: number;
  share: number | null;
  interval: Interval;
  evidence: string[];
  remedy: string;
  same_rows: Slice[];
}

export interface Checked {
  cause: string;
  gain: number | null;
  interval: Interval | null;
  ruled_out_by: string | null;
}

export interface Named {
  cause: string;
  where: Slice;
  points: number;
  share: number | null;
}

export interface Verdict {
  cause: string;
  where: Slice;
  trigger: Trigger | null;
  confidence: number | null;
  sentence: string;
  remedy: string;
  causes: Named[];
  margin: number | null;
}

export interface WhyReport {
  model: string;
  incident: Incident | null;
  verdict: Verdict;
  findings: Finding[];
  unexplained: number;
  closure: number;
  checked: Checked[];
  cannot_know: string[];
}

// telling.py

/** Where messages go, and which; `cooldown` is in seconds. */
export interface Channel {
  name: string;
  to: string;
  models: string[];
  alerts: "none" | "quality" | "all";
  cooldown: number;
  reviews: boolean;
  created: Time;
}

/** What a message tells: `about` is the id of the incident that opened or ended. */
export interface Topic {
  model: string;
  kind: "opened" | "verdict" | "ended" | "alert" | "review";
  about: string;
}

export interface Message {
  id: number;
  channel: string;
  topics: Topic[];
  title: string;
  body: string;
  state: "waiting" | "sent" | "failed";
  made: Time;
  tries: number;
  next: Time | null;
  sent: Time | null;
  error: string | null;
}

export interface NewSilence {
  model: string;
  until: Time;
  reason: string;
  by: string;
}

/** `model` is a name or a pattern (`fraud-*`). */
export interface Silence {
  id: number;
  model: string;
  until: Time;
  reason: string;
  by: string;
  made: Time;
  ended: Time | null;
}

// pages.py

export type State = "failing" | "healthy" | "waiting" | "blind";
export type EventKind = "external" | "deploy" | "config" | "campaign" | "version";
export type ActionKind = "acknowledged" | "comment" | "expected" | "resolved" | "reopened";

export interface IncidentHead {
  model: string;
  incident: Incident;
  sentence: string;
  handled: Action | null;
}

export interface ModelRow {
  name: string;
  state: State;
  sentence: string;
  metric: string | null;
  higher_is_better: boolean;
  value: number | null;
  expected: number | null;
  recent: (number | null)[];
  rows: number;
  labelled: number;
  delay: number | null;
  window: Window | null;
  incident: IncidentHead | null;
  others: IncidentHead[];
}

export interface EventMark {
  kind: EventKind;
  name: string;
  at: Time;
  scope: Record<string, string>;
}

export interface ModelPage {
  row: ModelRow;
  task: "classification" | "probability" | "regression" | null;
  by: "hour" | "day" | "week" | "month" | "year";
  reference: Window;
  declared: boolean;
  notes: string[];
  columns: string[];
  events: EventMark[];
  incidents: IncidentHead[];
}

export interface Series {
  metric: string | null;
  higher_is_better: boolean;
  start: Milliseconds[];
  value: (number | null)[];
  smallest: (number | null)[];
  largest: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  normal_low: (number | null)[];
  normal_high: (number | null)[];
  line: (number | null)[];
  evidence: (number | null)[];
  rows: number[];
  labelled: number[];
  provisional: boolean[];
}

export interface DriftColumn {
  name: string;
  kind: "number" | "category";
  derived: boolean;
  distance: (number | null)[];
  missing: (number | null)[];
  alerts: (string | null)[];
}

export interface DriftMap {
  start: Milliseconds[];
  end: Milliseconds[];
  columns: DriftColumn[];
  hidden: number;
}

export interface Bin {
  label: string;
  where: Slice | null;
  before: number;
  now: number;
  loss_before: number | null;
  loss: number | null;
}

export interface Distribution {
  column: string;
  kind: "number" | "category";
  reference: Window;
  period: Window;
  rows_before: number;
  rows: number;
  bins: Bin[];
}

export interface Level {
  label: string;
  where: Slice;
  share_before: number;
  share: number;
  labelled: number;
  before: number | null;
  after: number | null;
  interval: Interval | null;
  points: number | null;
  recent: (number | null)[];
}

export interface SliceTable {
  column: string;
  metric: string | null;
  higher_is_better: boolean;
  reference: Window;
  period: Window;
  start: Milliseconds[];
  levels: Level[];
}

export interface NewAction {
  kind: ActionKind;
  text: string;
  by: string;
}

export interface Action {
  kind: ActionKind;
  text: string;
  by: string;
  at: Time;
}

export interface Actions {
  actions: Action[];
}

export interface IncidentPage {
  head: IncidentHead;
  metric: string;
  higher_is_better: boolean;
  reference: Window;
  period: Window;
  report: WhyReport | null;
  pending: boolean;
  stale: boolean;
  drop: number | null;
  column: string | null;
  events: EventMark[];
  actions: Action[];
  alerts: Alert[];
  told: Message[];
}

export type Cell = string | number | boolean | null;

export interface RowPage {
  columns: string[];
  rows: Cell[][];
  photos: (string | null)[];
  total: number;
  offset: number;
}

// runs.py

export type RunStatus = "running" | "scheduled" | "finished" | "failed" | "killed" | "unknown";

/** What a param may be: whatever JSON can say. */
export type Param = string | number | boolean | null | Param[] | { [name: string]: Param };

export interface RunRow {
  id: string;
  project: string;
  name: string;
  status: RunStatus;
  started: Time;
  ended: Time | null;
  parent: string | null;
  /** Who ran it; empty where that was not said. */
  user: string;
  /** When it was marked so; null if it is not. */
  deleted: Time | null;
  params: Record<string, Param>;
  tags: Record<string, string>;
  metrics: Record<string, number | null>;
}

export interface RunPage {
  runs: RunRow[];
  total: number;
  projects: string[];
  metrics: string[];
  params: string[];
}

/** Runs with the same value: all texts by which it is written, none where it is lacking. */
export interface RunGroup {
  texts: string[];
  total: number;
}

/** The largest groups; `total` counts the runs of all. */
export interface RunGroups {
  groups: RunGroup[];
  total: number;
}

/** A run that was marked as deleted: its files, the bytes they alone hold, the versions that need it. */
export interface DeletedRun {
  run: string;
  name: string;
  files: number;
  bytes: number;
  held: string[];
}

/** A metric of a run by step; where points were merged, `low` and `high` are their extremes. */
export interface Curve {
  metric: string;
  points: number;
  steps: number[];
  values: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

// captured.py

/** The git work tree that the program lies in; `cut` says what is missing of the diff. */
export interface Code {
  folder: string;
  commit: string | null;
  branch: string | null;
  remote: string | null;
  dirty: boolean | null;
  changed: string[];
  untracked: string[];
  diff: string | null;
  cut: string | null;
}

export interface Command {
  arguments: string[];
  folder: string;
}

/** `memory` is in bytes; `packages` are name -> version. */
export interface Environment {
  python: string;
  implementation: string;
  executable: string;
  platform: string;
  host: string;
  user: string;
  processors: number;
  memory: number | null;
  gpus: string[];
  packages: Record<string, string>;
}

export interface Captured {
  code: Code | null;
  command: Command | null;
  environment: Environment | null;
  variables: Record<string, string> | null;
}

/** Whole lines; `number` is that of the first, `stream` is stdout, stderr, or whence for what was left out. */
export interface OutputPart {
  number: number;
  stream: string;
  at: Time;
  text: string;
}

/** `next` is the line where the rest begins; null at the end. */
export interface OutputPage {
  parts: OutputPart[];
  next: number | null;
}

// artifacts.py

export interface ArtifactRow {
  path: string;
  size: number;
  digest: string;
  logged: Time;
}

// registry.py

/** The version that an alias shall name; null for none. */
export interface NewAlias {
  alias: string;
  version: number | null;
}

export interface RegisteredModelRow {
  name: string;
  description: string;
  latest: number | null;
  aliases: Record<string, number>;
  tags: Record<string, string>;
  created: Time;
  updated: Time;
}

/** `stage` is "None" where there is none. */
export interface VersionRow {
  model: string;
  version: number;
  source: string;
  run: string | null;
  logged_model: string | null;
  description: string;
  stage: string;
  aliases: string[];
  tags: Record<string, string>;
  created: Time;
  updated: Time;
}

export interface RegistryPage {
  models: RegisteredModelRow[];
  total: number;
}

export interface RegisteredModelPage {
  model: RegisteredModelRow;
  versions: VersionRow[];
}

// lineage.py

export type NodeKind = "dataset" | "run" | "model" | "predictions" | "labels";

/** `depth` counts edges from what was asked for; negative is before it. */
export interface Node {
  ref: string;
  kind: NodeKind;
  title: string;
  depth: number;
}

/** `after` came from `before`; `how` says it: "made", "answered". */
export interface Edge {
  before: string;
  after: string;
  how: string;
}

/** `loops`: from what a version answered to the version that was trained on it, as references. */
export interface Lineage {
  of: string;
  nodes: Node[];
  edges: Edge[];
  loops: string[][];
  cut: boolean;
}

// pages.py again

export interface OpenAlert {
  model: string;
  alert: Alert;
}

export interface Query {
  sql: string;
}

export interface SqlResult {
  columns: string[];
  types: string[];
  rows: Cell[][];
  truncated: boolean;
  seconds: number;
}

export interface Health {
  status: "ok";
  version: string;
}

/** One table that the SQL page may read. */
export interface SqlTable {
  name: string;
  sql: string;
  columns: [string, string][];
}

/** What the live stream tells: `model` is a pattern of a silence, and empty for runs and for a message of several. */
export interface Changed {
  model: string;
  what: "watch" | "why" | "action" | "message" | "silence" | "runs" | "registry";
}
