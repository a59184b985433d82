/** A table: sorted by its heads, moved in by J and K, only what is seen is drawn. */
import {
  type ColumnDef,
  createSortedRowModel,
  rowSortingFeature,
  type SortingState,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactElement, type ReactNode, useEffect, useMemo, useRef } from "react";

import { useCursor } from "../parts/keys";

export interface Column<T> {
  id: string;
  head: string;
  /** What the head means, for a pointer that rests on it. */
  means?: string;
  cell: (row: T) => ReactNode;
  /** What to sort by; a column without it cannot be sorted. */
  value?: (row: T) => string | number | null;
  number?: boolean;
  className?: string;
  /** Shown before the value where the table is a list (narrow screens). */
  label?: string;
}

interface Props<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  /** `name` or `-name`, the larger first; it belongs into the URL. */
  sort?: string | null;
  onSort?: (sort: string | null) => void;
  onOpen?: (row: T) => void;
  /** Called when the last rows come into sight. */
  onNearEnd?: () => void;
  className?: string;
  /** The height of a row as it usually is, in pixels. */
  rowHeight?: number;
  /** Every row is exactly that high: long tables scroll faster without being measured. */
  fixed?: boolean;
  /** Whether J and K move here; one table of a page at most. */
  keys?: boolean;
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });
const NEAR = 40;
/** Rows that are shown as they are; more scroll in a place of their own. */
const MOST_WHOLE = 40;

type Value = string | number | undefined;

function definition<T extends object>(column: Column<T>): ColumnDef<typeof features, T> {
  const { value } = column;
  return {
    id: column.id,
    header: column.head,
    accessorFn: (row: T): Value => value?.(row) ?? undefined,
    enableSorting: value !== undefined,
    sortUndefined: "last",
    sortDescFirst: column.number === true,
    sortFn: (one, other, id) => compare(one.getValue<Value>(id), other.getValue<Value>(id)),
  };
}

function compare(one: Value, other: Value): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}

const sortingOf = (sort: string | null | undefined): SortingState =>
  sort === null || sort === undefined
    ? []
    : [{ id: sort.replace(/^-/, ""), desc: sort.startsWith("-") }];

export function Grid<T extends object>(props: Props<T>): ReactElement {
  const { rows, columns, sort, onSort, onOpen, onNearEnd, rowHeight = 36, fixed = false, keys = false } = props;
  const place = useRef<HTMLDivElement>(null);
  const definitions = useMemo(() => columns.map((column) => definition(column)), [columns]);
  const sorting = useMemo(() => sortingOf(sort), [sort]);
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    state: { sorting },
    onSortingChange: (change) => {
      const [first] = typeof change === "function" ? change(sorting) : change;
      onSort?.(first === undefined ? null : `${first.desc ? "-" : ""}${first.id}`);
    },
  });
  const shown = table.getRowModel().rows;
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => place.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const cursor = useCursor(keys ? shown.length : 0, (at) => {
    const row = shown[at];
    if (row !== undefined) onOpen?.(row.original);
  });
  useEffect(() => {
    if (cursor.at >= 0) virtual.scrollToIndex(cursor.at, { align: "auto" });
  }, [cursor.at, virtual]);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= shown.length - NEAR) onNearEnd?.();
  }, [last, shown.length, onNearEnd]);

  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable
    <section ref={place} className={`${rows.length > MOST_WHOLE ? "scroll" : "whole"} ${props.className ?? ""}`} tabIndex={0} aria-label={props.label}>
      <table aria-rowcount={shown.length + 1}>
        <thead>
          <tr>
            {columns.map((column) => {
              const head = table.getColumn(column.id);
              const sorted = head?.getIsSorted() ?? false;
              return (
                <th
                  key={column.id}
                  scope="col"
                  title={column.means}
                  className={`${column.number === true ? "num" : ""} ${column.className ?? ""}`}
                  aria-sort={sorted === false ? undefined : sorted === "asc" ? "ascending" : "descending"}
                >
                  {onSort !== undefined && column.value !== undefined ? (
                    <button type="button" onClick={head?.getToggleSortingHandler()}>
                      {column.head}
                      {sorted === false ? "" : sorted === "asc" ? " ↑" : " ↓"}
                    </button>
                  ) : (
                    column.head
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {above > 0 ? <tr aria-hidden="true" style={{ height: above }} /> : null}
          {items.map((item) => {
            const row = shown[item.index];
            if (row === undefined) return null;
            return (
              <tr
                key={row.id}
                ref={fixed ? undefined : virtual.measureElement}
                style={fixed ? { height: rowHeight } : undefined}
                data-index={item.index}
                aria-rowindex={item.index + 2}
                aria-selected={item.index === cursor.at || undefined}
                className={`row ${onOpen === undefined ? "" : "opens"} ${item.index === cursor.at ? "at" : ""}`}
                onClick={
                  onOpen === undefined
                    ? undefined
                    : (event) => {
                        const on = event.target as HTMLElement;
                        if (on.closest("a, button") === null) onOpen(row.original);
                      }
                }
              >
                {columns.map((column) => (
                  <td
                    key={column.id}
                    data-label={column.label}
                    className={`${column.number === true ? "num" : ""} ${column.className ?? ""}`}
                  >
                    {column.cell(row.original)}
                  </td>
                ))}
              </tr>
            );
          })}
          {below > 0 ? <tr aria-hidden="true" style={{ height: below }} /> : null}
        </tbody>
      </table>
    </section>
  );
}
