/** The rows of the table: runs, and where they are grouped a head before those of each group. */
import { useDebouncedValue } from "@mantine/hooks";
import { useCallback, useMemo, useState } from "react";

import type { RunPage, RunRow } from "../../api";
import type { Failure } from "../../data/client";
import { api } from "../../data/paths";
import { useAnswers } from "../../data/query";
import { both, type Group } from "./groups";

/** Runs that are read at once; the server gives up to 1,000, which with many columns is much. */
export const PAGE = 100;
/** Rows that are read beyond those in sight. */
const AHEAD = 40;
/** How long, in milliseconds, the same rows are in sight before they are read. */
const SETTLED = 100;
/** What is in sight is known to so many rows. */
const COARSE = 20;

/** Rows from `start` on: a group's head, or runs that one filter finds. */
export interface Span {
  start: number;
  length: number;
  head: Group | null;
  where: string | null;
}

/** All runs in one span; or of each group a head, and below it its runs if it is open. */
export function spansOf(total: number, where: string | null, groups: Group[] | null, open: readonly string[]): Span[] {
  if (groups === null) return [{ start: 0, length: total, head: null, where }];
  const spans: Span[] = [];
  let start = 0;
  const add = (length: number, head: Group | null, filter: string | null): void => {
    spans.push({ start, length, head, where: filter });
    start += length;
  };
  for (const group of groups) {
    add(1, group, null);
    if (open.includes(group.key)) add(group.total, null, both(where, group.where));
  }
  return spans;
}

export const lengthOf = (spans: Span[]): number => spans.reduce((sum, { length }) => sum + length, 0);

export interface Read {
  rowAt: (index: number) => RunRow | null;
  groupAt: (index: number) => Group | null;
  onSight: (first: number, last: number) => void;
  failed: { failure: Failure; retry: () => void } | null;
}

/** The pages of a span that lie between two rows of the table. */
function pagesOf({ start, length, head }: Span, first: number, last: number): number[] {
  const [from, until] = [Math.max(first - start, 0), Math.min(last - start, length - 1)];
  if (head !== null || from > until) return [];
  const page = Math.floor(from / PAGE);
  return Array.from({ length: Math.floor(until / PAGE) - page + 1 }, (_, at) => page + at);
}

/** The runs in sight: only their pages are read, wherever in the table they are. */
export function useRuns(project: string | null, sort: string, spans: Span[]): Read {
  const [sight, setSight] = useState<[number, number]>([0, 0]);
  const onSight = useCallback((first: number, last: number) => {
    const next: [number, number] = [Math.floor(first / COARSE) * COARSE - AHEAD, Math.ceil(last / COARSE) * COARSE + AHEAD];
    setSight((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
  }, []);
  // What one only scrolls past is not read.
  const [[first, last]] = useDebouncedValue(sight, SETTLED);
  const wanted = useMemo(
    () =>
      spans.flatMap((span) =>
        pagesOf(span, first, last).map((page) => ({
          at: span.start + page * PAGE,
          path: api.runs({ project, where: span.where, sort, offset: page * PAGE, limit: PAGE }),
        })),
      ),
    [spans, first, last, project, sort],
  );
  const answers = useAnswers<RunPage>(wanted.map(({ path }) => path));
  const read = useMemo(() => new Map(wanted.map(({ at }, index) => [at, answers[index]?.data?.runs ?? []])), [wanted, answers]);
  const spanAt = useCallback((index: number) => spans.findLast(({ start }) => start <= index) ?? null, [spans]);
  const rowAt = useCallback(
    (index: number) => {
      const span = spanAt(index);
      if (span === null) return null;
      const at = (index - span.start) % PAGE;
      return read.get(index - at)?.[at] ?? null;
    },
    [spanAt, read],
  );
  const groupAt = useCallback((index: number) => spanAt(index)?.head ?? null, [spanAt]);
  const wrong = answers.find(({ data, failure }) => data === null && failure !== null);
  const failed = wrong === undefined || wrong.failure === null ? null : { failure: wrong.failure, retry: wrong.retry };
  return { rowAt, groupAt, onSight, failed };
}
