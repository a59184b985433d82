/** The silences as the server keeps them, and which of them holds for a model now. */
import type { Silence } from "../api";
import { useNow } from "./now";
import { api } from "./paths";
import { type Answer, useAnswer } from "./query";

const SYNTAX = /[\\^$.*+?()[\]{}|]/g;
const escaped = (text: string): string => text.replaceAll(SYNTAX, String.raw`\$&`);

/** Whether a name fits a pattern, as the server reads it: itself, or Python's `fnmatchcase`. */
function fits(model: string, pattern: string): boolean {
  if (model === pattern) return true;
  const parts = pattern.split(/(\*|\?|\[(?:!.|[^!])[^\]]*\])/s).map((part, at) => {
    if (at % 2 === 0) return escaped(part);
    if (part === "*") return ".*";
    if (part === "?") return ".";
    const not = part.startsWith("[!");
    return `[${not ? "^" : ""}${escaped(part.slice(not ? 2 : 1, -1))}]`;
  });
  try {
    return new RegExp(`^${parts.join("")}$`, "su").test(model);
  } catch {
    return false; // a range that runs backwards, [z-a]: no name fits it
  }
}

/** Whether a silence holds at a time (milliseconds since 1970). */
export const holds = ({ ended, until }: Silence, now: number): boolean =>
  ended === null && new Date(until).getTime() > now;

export const useSilences = (): Answer<Silence[]> => useAnswer<Silence[]>(api.silences);

/** The silence that holds for a model now, of several the last to end. */
export function useSilenceOf(model: string): Silence | null {
  const now = useNow();
  const { data } = useSilences();
  const [last] = (data ?? [])
    .filter((one) => holds(one, now) && fits(model, one.model))
    .toSorted((one, other) => new Date(other.until).getTime() - new Date(one.until).getTime());
  return last ?? null;
}
