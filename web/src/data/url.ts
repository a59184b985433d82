/** View state: it lives in the URL and nowhere else. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";

import type { Slice } from "../api";

type Change = Record<string, string | readonly string[] | null>;

export interface Url {
  get: (name: string) => string | null;
  /** Every value of a name that may stand there several times. */
  all: (name: string) => string[];
  /** Change some parts; null removes. A small move replaces the entry in the history. */
  set: (change: Change, how?: "push" | "replace") => void;
}

/** Read and write the query of the page's URL. */
export function useUrl(): Url {
  const [query, setQuery] = useSearchParams();
  const get = useCallback((name: string) => query.get(name), [query]);
  const all = useCallback((name: string) => query.getAll(name), [query]);
  const set = useCallback(
    (change: Change, how: "push" | "replace" = "push") => {
      setQuery(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(change)) {
            after.delete(name);
            if (typeof value === "object" && value !== null) for (const one of value) after.append(name, one);
            else if (value !== null && value !== "") after.set(name, value);
          }
          return after;
        },
        { replace: how === "replace", preventScrollReset: true },
      );
    },
    [setQuery],
  );
  return { get, all, set };
}

type ListChange = (before: string[]) => string[];

/**
 * Every value of a name in the URL, as boxes show it: at once, for the URL follows a moment later
 * and who ticks two boxes quickly must not lose the first.
 */
export function useList({ all, set }: Url, name: string): [string[], (change: ListChange) => void] {
  const key = JSON.stringify(all(name));
  const [own, setOwn] = useState<string[]>(() => all(name));
  const latest = useRef(own);
  useEffect(() => {
    latest.current = JSON.parse(key) as string[];
    // oxlint-disable-next-line react/set-state-in-effect -- another link was opened
    setOwn(latest.current);
  }, [key]);
  const write = useRef(set);
  useEffect(() => {
    write.current = set;
  }, [set]);
  const change = useCallback(
    (to: ListChange) => {
      latest.current = to(latest.current);
      setOwn(latest.current);
      write.current({ [name]: latest.current }, "replace");
    },
    [name],
  );
  return [own, change];
}

/** A slice out of a URL; null where there is none or it cannot be read. */
export function sliceOf(text: string | null): Slice | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Slice)
      : null;
  } catch {
    return null; // a mangled link shows all rows, and the URL says so
  }
}
