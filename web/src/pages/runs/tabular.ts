/** Files that are tables: CSV, and JSON of rows. */
import type { Cell } from "../../api";

export interface Tabular {
  columns: string[];
  rows: Cell[][];
}

const isCell = (value: unknown): value is Cell => value === null || ["string", "number", "boolean"].includes(typeof value);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** What a table can show of any JSON. */
const asCell = (value: unknown): Cell => (isCell(value) ? value : value === undefined ? null : JSON.stringify(value));

/** A table of JSON, as `log_table` writes it, or a list of objects; null if it is none. */
export function ofJson(value: unknown): Tabular | null {
  if (isObject(value) && Array.isArray(value["columns"]) && Array.isArray(value["data"]) && value["data"].every(Array.isArray)) {
    return { columns: value["columns"].map(String), rows: (value["data"] as unknown[][]).map((row) => row.map(asCell)) };
  }
  if (!Array.isArray(value) || value.length === 0 || !value.every(isObject)) return null;
  const columns = Array.from(new Set(value.flatMap((row) => Object.keys(row))));
  return { columns, rows: value.map((row) => columns.map((name) => asCell(row[name]))) };
}

const FIELD = (separator: string): RegExp => new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n][^${separator}\\r\\n]*)?)(${separator}|\\r?\\n|\\r|$)`, "gy");
const NUMBER = /^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

const valueOf = (text: string): Cell => (text === "" ? null : NUMBER.test(text) ? Number(text) : text);

/** A table of RFC 4180, its first line the names; null if a quote is left open. */
export function ofCsv(text: string, separator: string): Tabular | null {
  const field = FIELD(separator);
  const lines: string[][] = [];
  let line: string[] = [];
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (found === null) return null;
    line.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === separator && field.lastIndex < text.length) continue;
    if (found[3] === separator) line.push("");
    lines.push(line);
    line = [];
  }
  const [names, ...rows] = lines;
  return names === undefined ? null : { columns: names, rows: rows.filter((row) => row.length > 1 || row[0] !== "").map((row) => row.map(valueOf)) };
}
