/** The live stream: read with fetch, so that the token can be sent; what changed is read again. */
import { useEffect, useSyncExternalStore } from "react";

import type { Changed } from "../api";
import { AWAY, Failure, request } from "./client";
import { api } from "./paths";
import { invalidate } from "./query";

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

type Link = "connecting" | "open" | "lost";
let link: Link = "connecting";
const watchers = new Set<() => void>();

function become(next: Link): void {
  if (link === next) return;
  link = next;
  for (const tell of watchers) tell();
}

/** What tells people something changed; `model` is empty where it is about several. */
function applyTelling({ model, what }: Changed): void {
  if (what === "silence") {
    invalidate((path) => path === api.silences);
    return;
  }
  const incidents = `${model === "" ? "" : api.model(model)}/incidents/`;
  invalidate(
    (path) => path === api.messages || path === api.channels || path.includes(incidents),
  );
}

function apply(changed: Changed): void {
  if (changed.what === "runs") {
    // Curves and output are read again by their page, if its run goes on.
    invalidate(
      (path) =>
        (path.startsWith("/run") && !path.includes("/curve?") && !path.includes("/output?")) ||
        path.startsWith("/registry") ||
        path.startsWith("/lineage"),
    );
    return;
  }
  if (changed.what === "registry") {
    invalidate((path) => path.startsWith("/registry") || path.startsWith("/lineage"));
    return;
  }
  if (changed.what === "message" || changed.what === "silence") {
    applyTelling(changed);
    return;
  }
  const mine = api.model(changed.model);
  // Only a look at new rows changes what the charts show.
  const below = changed.what === "watch" ? `${mine}/` : `${mine}/incidents/`;
  invalidate(
    (path) =>
      path === api.models || path === api.alerts || path === mine || path.startsWith(below),
  );
}

function parse(message: string): Changed | null {
  const lines = message.split("\n");
  if (!lines.some((line) => line.replace(": ", ":") === "event:changed")) return null;
  const data = lines
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length).trimStart())
    .join("\n");
  return JSON.parse(data) as Changed;
}

async function listen(signal: AbortSignal): Promise<void> {
  const answer = await request(api.live, { signal, headers: { Accept: "text/event-stream" } });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  // While the stream was away anything may have changed.
  if (link === "lost") invalidate(() => true);
  become("open");
  let rest = "";
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a stream is read in order
    const { done, value } = await reader.read();
    if (done) return;
    const messages = (rest + value.replaceAll("\r\n", "\n")).split("\n\n");
    rest = messages.pop() ?? "";
    for (const message of messages) {
      const changed = parse(message);
      if (changed !== null) apply(changed);
    }
  }
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

async function keepListening(signal: AbortSignal): Promise<void> {
  let wait = FIRST_WAIT;
  while (!signal.aborted) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one stream at a time
      await listen(signal);
      wait = FIRST_WAIT;
    } catch (error) {
      // It answers, and wants a token or no listener: a new token begins this anew.
      if (error instanceof Failure && error.status !== AWAY) return;
      wait = Math.min(2 * wait, LONGEST_WAIT); // the page itself shows what it cannot read
    }
    if (signal.aborted) return;
    become("lost");
    // oxlint-disable-next-line no-await-in-loop -- the pause between two tries
    await pause(wait);
  }
}

/** Keep the page as it is on the server for as long as the component lives. */
export function useLive(): void {
  useEffect(() => {
    const stop = new AbortController();
    void keepListening(stop.signal);
    return () => stop.abort();
  }, []);
}

/** Whether the page hears of changes. */
export function useLink(): Link {
  return useSyncExternalStore(
    (tell) => {
      watchers.add(tell);
      return () => watchers.delete(tell);
    },
    () => link,
  );
}
