/** What is held of the axes of a chart of runs: in the address, and as a filter. */
import { type Held, numberOf } from "../../charts/scale";
import { fieldOf, quoted, textsOf } from "./said";

/** A column, `metrics.NAME` or `params.NAME`, and what is held of it. */
export interface HeldOf {
  id: string;
  held: Held;
}

const isEnd = (value: unknown): value is number | null => value === null || typeof value === "number";

/** As the address has it: `["metrics.loss",null,0.3]`, `["params.optimizer","adam"]`. */
export const saidOf = ({ id, held }: HeldOf): string => JSON.stringify(Array.isArray(held) ? [id, ...held] : [id, held.low, held.high]);

/** What an address says; null where it cannot be read. */
export function readHeld(text: string): HeldOf | null {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return null; // a mangled link holds nothing, and the chart shows so
  }
  if (!Array.isArray(said)) return null;
  const [id, ...rest] = said as unknown[];
  if (typeof id !== "string" || rest.length === 0) return null;
  if (rest.every((one) => typeof one === "string")) return { id, held: rest };
  const [low, high] = rest;
  return rest.length === 2 && isEnd(low) && isEnd(high) ? { id, held: { low, high } } : null;
}

/** The texts by which the server knows a text of an axis, which may stand for a number. */
function waysOf(text: string): string[] {
  const number = numberOf(text);
  return number === null ? [text] : Array.from(new Set([text, ...textsOf(number)]));
}

/** What is held as a filter has it. */
export function filterOf({ id, held }: HeldOf): string {
  const key = fieldOf(id);
  if (Array.isArray(held)) return `${key} IN (${held.flatMap(waysOf).map(quoted).join(", ")})`;
  const ends = [held.low === null ? null : `${key} >= ${held.low}`, held.high === null ? null : `${key} <= ${held.high}`];
  return ends.filter((end) => end !== null).join(" and ");
}
