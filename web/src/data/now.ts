/** The time it is, for what ends by itself: one clock for the whole page. */
import { useSyncExternalStore } from "react";

const TICK = 15_000;

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const watchers = new Set<() => void>();

function tick(): void {
  now = Date.now();
  for (const tell of watchers) tell();
}

function subscribe(tell: () => void): () => void {
  if (watchers.size === 0) {
    now = Date.now();
    timer = setInterval(tick, TICK);
  }
  watchers.add(tell);
  return () => {
    watchers.delete(tell);
    if (watchers.size === 0) clearInterval(timer);
  };
}

/** Milliseconds since 1970, right to within `TICK`. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);
