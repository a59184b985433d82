/** View state: it lives in the URL and nowhere else. */
import { useCallback } from "react";
import { useSearchParams } from "react-router";

import type { Slice } from "../api";

type Change = Record<string, string | null>;

export interface Url {
  get: (name: string) => string | null;
  /** Change some parts; null removes. A small move replaces the entry in the history. */
  set: (change: Change, how?: "push" | "replace") => void;
}

/** Read and write the query of the page's URL. */
export function useUrl(): Url {
  const [query, setQuery] = useSearchParams();
  const get = useCallback((name: string) => query.get(name), [query]);
  const set = useCallback(
    (change: Change, how: "push" | "replace" = "push") => {
      setQuery(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(change)) {
            if (value === null || value === "") after.delete(name);
            else after.set(name, value);
          }
          return after;
        },
        { replace: how === "replace", preventScrollReset: true },
      );
    },
    [setQuery],
  );
  return { get, set };
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
