/** A wide and long table: of its rows and of its columns only those in sight are drawn. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactElement, type ReactNode, useCallback, useEffect, useMemo, useRef } from "react";

import { useCursor, useKeys } from "../parts/keys";
import { beyondClass, useBeyond } from "../parts/sideways";

export interface SheetColumn<T> {
  id: string;
  head: string;
  /** What the head means, for a pointer that rests on it. */
  means?: string;
  /** In pixels. */
  width: number;
  number?: boolean;
  /** Which way a first click on the head sorts; without it the column cannot be sorted. */
  sorts?: "up" | "down";
  cell: (row: T) => ReactNode;
}

/** A row that stands over others: what they have in common. */
export interface SheetHead {
  text: string;
  says: string;
  open: boolean;
  /** Shows or hides what is below. */
  toggle: () => void;
}

interface Props<T> {
  label: string;
  /** How many rows there are, read or not. */
  length: number;
  /** A row, or null while it is not read. */
  rowAt: (index: number) => T | null;
  /** The head that stands in a row instead; null in most. */
  headAt?: (index: number) => SheetHead | null;
  columns: SheetColumn<T>[];
  /** So many of the first columns stay in sight; one if it is not said. */
  pinned?: number;
  /** `name` or `-name`, the larger first. */
  sort: string;
  /** Null is the order that the page begins with. */
  onSort: (sort: string | null) => void;
  onOpen: (row: T) => void;
  /** X, at the marked row. */
  onChoose: (row: T) => void;
  /** Tells the first and the last row in sight; must be stable. */
  onSight: (first: number, last: number) => void;
}

const ROW = 32;
const HEAD = 34;

/** The sorting after a click: one way, the other way, none. */
function next<T>({ id, sorts }: SheetColumn<T>, sort: string): string | null {
  const ways = sorts === "down" ? [`-${id}`, id] : [id, `-${id}`];
  const at = ways.indexOf(sort);
  return at === ways.length - 1 ? null : (ways[at + 1] ?? null);
}

/** Where each pinned column stays, in pixels from the left. */
const lefts = <T,>(pinned: SheetColumn<T>[]): number[] => pinned.map((_, at) => pinned.slice(0, at).reduce((sum, { width }) => sum + width, 0));

interface HeadProps<T> {
  column: SheetColumn<T>;
  index: number;
  /** Of a pinned one. */
  left?: number | undefined;
  sort: string;
  onSort: (sort: string | null) => void;
}

function Head<T>({ column, index, left, sort, onSort }: HeadProps<T>): ReactElement {
  const sorted = sort === column.id ? "ascending" : sort === `-${column.id}` ? "descending" : undefined;
  return (
    <th
      scope="col"
      title={column.means}
      aria-sort={sorted}
      aria-colindex={index + 1}
      className={`${column.number === true ? "num" : ""} ${left === undefined ? "" : "pinned"}`}
      style={left === undefined ? undefined : { left }}
    >
      {column.sorts === undefined ? (
        column.head
      ) : (
        <button type="button" onClick={() => onSort(next(column, sort))}>
          {column.head}
          {sorted === undefined ? "" : sorted === "ascending" ? " ↑" : " ↓"}
        </button>
      )}
    </th>
  );
}

interface Placed<T> {
  column: SheetColumn<T>;
  index: number;
}

interface RowProps<T> {
  row: T | null;
  index: number;
  pinned: SheetColumn<T>[];
  inSight: Placed<T>[];
  marked: boolean;
  onOpen: (row: T) => void;
}

function PlainRow<T>({ row, index, pinned, inSight, marked, onOpen }: RowProps<T>): ReactElement {
  return (
    <tr
      style={{ height: ROW }}
      aria-rowindex={index + 2}
      aria-selected={marked || undefined}
      className={`row opens ${marked ? "at" : ""}`}
      onClick={(event) => {
        const on = event.target as HTMLElement;
        if (row !== null && on.closest("a, button, input, label") === null) onOpen(row);
      }}
    >
      {lefts(pinned).map((left, at) => {
        const column = pinned[at];
        return (
          <td key={column?.id} aria-colindex={at + 1} className={`pinned ${column?.number === true ? "num" : ""}`} style={{ left }}>
            {row === null ? at === 0 ? <span className="soft">…</span> : null : column?.cell(row)}
          </td>
        );
      })}
      <td className="gap" aria-hidden="true" />
      {inSight.map(({ column, index: at }) => (
        <td key={column.id} aria-colindex={at + 1} className={column.number === true ? "num" : ""}>
          {row === null ? null : column.cell(row)}
        </td>
      ))}
      <td className="gap" aria-hidden="true" />
    </tr>
  );
}

/** Drawn again only when something in it is another: scrolling must cost the new rows alone. */
const Row = memo(PlainRow) as typeof PlainRow;

interface HeadRowProps {
  head: SheetHead;
  index: number;
  columns: number;
  marked: boolean;
}

function HeadRow({ head: { text, says, open, toggle }, index, columns, marked }: HeadRowProps): ReactElement {
  return (
    <tr
      style={{ height: ROW }}
      aria-rowindex={index + 2}
      aria-selected={marked || undefined}
      className={`row group opens ${marked ? "at" : ""}`}
      onClick={(event) => {
        if ((event.target as HTMLElement).closest("button") === null) toggle();
      }}
    >
      <td colSpan={columns}>
        <span className="in">
          <button type="button" className="linkish" aria-expanded={open} onClick={toggle}>
            <span aria-hidden="true">{open ? "▾" : "▸"}</span> {text}
          </button>{" "}
          <span className="soft">{says}</span>
        </span>
      </td>
    </tr>
  );
}

export function Sheet<T extends object>(props: Props<T>): ReactElement | null {
  const { label, length, rowAt, headAt, columns, pinned: stay = 1, sort, onSort, onOpen, onChoose, onSight } = props;
  const place = useRef<HTMLDivElement>(null);
  const beyond = useBeyond(place);
  const staying = useMemo(() => columns.slice(0, stay), [columns, stay]);
  const others = useMemo(() => columns.slice(stay), [columns, stay]);
  const pinned = staying.reduce((sum, { width }) => sum + width, 0);
  const rows = useVirtualizer({
    count: length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW,
    paddingStart: HEAD,
    scrollPaddingStart: HEAD,
    overscan: 8,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: others.length,
    getScrollElement: () => place.current,
    estimateSize: (at) => others[at]?.width ?? 0,
    // Other columns, other widths: a new function has them measured anew.
    getItemKey: useCallback((at: number) => others[at]?.id ?? at, [others]),
    paddingStart: pinned,
    overscan: 2,
  });
  const cursor = useCursor(length, (at) => {
    headAt?.(at)?.toggle();
    const row = rowAt(at);
    if (row !== null) onOpen(row);
  });
  useKeys({
    x: () => {
      const row = cursor.at < 0 ? null : rowAt(cursor.at);
      if (row !== null) onChoose(row);
    },
  });
  useEffect(() => {
    if (cursor.at >= 0) rows.scrollToIndex(cursor.at, { align: "auto" });
  }, [cursor.at, rows]);

  const items = rows.getVirtualItems();
  const top = items[0]?.index ?? 0;
  const bottom = items.at(-1)?.index ?? 0;
  useEffect(() => onSight(top, bottom), [onSight, top, bottom]);

  const shown = across.getVirtualItems();
  const [nearest, farthest] = [shown[0]?.index ?? 0, shown.at(-1)?.index ?? -1];
  const inSight = useMemo(
    () =>
      others
        .slice(nearest, farthest + 1)
        .map((column, at): Placed<T> => ({ column, index: stay + nearest + at })),
    [others, stay, nearest, farthest],
  );

  if (staying.length === 0) return null;
  const places = lefts(staying);
  const left = (shown[0]?.start ?? pinned) - pinned;
  const right = Math.max(across.getTotalSize() - (shown.at(-1)?.end ?? pinned), 0);
  const above = Math.max((items[0]?.start ?? HEAD) - HEAD, 0);
  const below = Math.max(rows.getTotalSize() - (items.at(-1)?.end ?? HEAD), 0);
  return (
    <div className={beyondClass(beyond)}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable */}
      <section ref={place} className="scroll sheet" tabIndex={0} aria-label={label}>
        <table aria-rowcount={length + 1} aria-colcount={columns.length} style={{ minWidth: across.getTotalSize() }}>
          <colgroup>
            {staying.map((column) => (
              <col key={column.id} style={{ width: column.width }} />
            ))}
            <col style={{ width: left }} />
            {inSight.map(({ column }) => (
              <col key={column.id} style={{ width: column.width }} />
            ))}
            {/* What is left of the width, where the columns do not fill it. */}
            <col style={right > 0 ? { width: right } : undefined} />
          </colgroup>
          <thead>
            <tr style={{ height: HEAD }}>
              {staying.map((column, at) => (
                <Head key={column.id} column={column} index={at} left={places[at]} sort={sort} onSort={onSort} />
              ))}
              <th className="gap" aria-hidden="true" />
              {inSight.map(({ column, index }) => (
                <Head key={column.id} column={column} index={index} sort={sort} onSort={onSort} />
              ))}
              <th className="gap" aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {above > 0 ? <tr aria-hidden="true" style={{ height: above }} /> : null}
            {items.map(({ index }) => {
              const head = headAt?.(index) ?? null;
              const marked = index === cursor.at;
              return head === null ? (
                <Row key={index} row={rowAt(index)} index={index} pinned={staying} inSight={inSight} marked={marked} onOpen={onOpen} />
              ) : (
                <HeadRow key={index} head={head} index={index} columns={staying.length + inSight.length + 2} marked={marked} />
              );
            })}
            {below > 0 ? <tr aria-hidden="true" style={{ height: below }} /> : null}
          </tbody>
        </table>
      </section>
    </div>
  );
}
