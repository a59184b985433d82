/** What was read from the server: kept by path, shown at once, read again when it changed. */
import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";

import { AWAY, Failure, read } from "./client";

interface Entry {
  data: unknown;
  failure: Failure | null;
  busy: boolean;
  stale: boolean;
  watchers: Set<() => void>;
}

/** The state of one path: data of an earlier read stays while it is read again. */
export interface Answer<T> {
  data: T | null;
  failure: Failure | null;
  loading: boolean;
  retry: () => void;
}

const MOST_KEPT = 200;
const entries = new Map<string, Readonly<Entry>>();

function put(path: string, change: Partial<Entry>): Readonly<Entry> {
  const before = entries.get(path) ?? {
    data: null,
    failure: null,
    busy: false,
    stale: true,
    watchers: new Set<() => void>(),
  };
  const after = { ...before, ...change };
  entries.delete(path); // the order of a Map is that of writing: the oldest go first
  entries.set(path, after);
  for (const tell of after.watchers) tell();
  return after;
}

function forgetOldest(): void {
  for (const [path, entry] of entries) {
    if (entries.size <= MOST_KEPT) return;
    if (entry.watchers.size === 0) entries.delete(path);
  }
}

async function refresh(path: string): Promise<void> {
  put(path, { busy: true, stale: false });
  let change: Partial<Entry>;
  try {
    change = { data: await read<unknown>(path), failure: null };
  } catch (error) {
    change = { failure: error instanceof Failure ? error : new Failure(String(error), AWAY) };
  }
  const { stale, watchers } = put(path, { ...change, busy: false });
  // It changed while it was read: what came may be the state before.
  if (stale && watchers.size > 0) void refresh(path);
  else forgetOldest();
}

/** Read again whatever is shown and fits; what is not shown is read again when it is next. */
export function invalidate(fits: (path: string) => boolean): void {
  for (const [path, entry] of Array.from(entries)) {
    if (!fits(path)) continue;
    if (entry.watchers.size > 0 && !entry.busy) void refresh(path);
    else entries.set(path, { ...entry, stale: true });
  }
}

const idle: Readonly<Entry> = {
  data: null,
  failure: null,
  busy: false,
  stale: true,
  watchers: new Set(),
};

interface Source {
  subscribe: (tell: () => void) => () => void;
  snapshot: () => Readonly<Entry>[];
}

function sourceOf(paths: string[]): Source {
  let last: Readonly<Entry>[] = [];
  return {
    subscribe: (tell) => {
      for (const path of paths) put(path, {}).watchers.add(tell);
      return () => {
        for (const path of paths) entries.get(path)?.watchers.delete(tell);
      };
    },
    // The same list as before where nothing changed, as React asks.
    snapshot: () => {
      const next = paths.map((path) => entries.get(path) ?? idle);
      if (next.length !== last.length || next.some((entry, at) => entry !== last[at])) last = next;
      return last;
    },
  };
}

const SEPARATOR = "\n"; // no path holds it

/** Read several paths of the API, in their order. */
export function useAnswers<T>(paths: readonly string[]): Answer<T>[] {
  const key = paths.join(SEPARATOR);
  const wanted = useMemo(() => (key === "" ? [] : key.split(SEPARATOR)), [key]);
  const { subscribe, snapshot } = useMemo(() => sourceOf(wanted), [wanted]);
  const found = useSyncExternalStore(subscribe, snapshot);
  useEffect(() => {
    for (const path of wanted) {
      const known = entries.get(path);
      if (known === undefined || (known.stale && !known.busy)) void refresh(path);
    }
  }, [wanted]);
  return useMemo(
    () =>
      found.map(({ data, failure }, at) => ({
        data: data as T | null,
        failure,
        loading: data === null && failure === null,
        retry: () => void refresh(wanted[at] ?? ""),
      })),
    [found, wanted],
  );
}

/** Read one path of the API; null reads nothing. */
export function useAnswer<T>(path: string | null): Answer<T> {
  const subscribe = useCallback(
    (tell: () => void) => {
      if (path === null) return () => undefined;
      const { watchers } = put(path, {});
      watchers.add(tell);
      return () => watchers.delete(tell);
    },
    [path],
  );
  const entry = useSyncExternalStore(subscribe, () =>
    path === null ? idle : (entries.get(path) ?? idle),
  );
  useEffect(() => {
    if (path === null) return;
    const known = entries.get(path);
    if (known === undefined || (known.stale && !known.busy)) void refresh(path);
  }, [path]);
  const retry = useCallback(() => {
    if (path !== null && entries.get(path)?.busy !== true) void refresh(path);
  }, [path]);
  return {
    data: entry.data as T | null,
    failure: entry.failure,
    loading: path !== null && entry.data === null && entry.failure === null,
    retry,
  };
}
