/** The graph from left to right: what was before, the thing itself, what came after. */
import { type ReactElement, useEffect, useMemo, useRef } from "react";
import { Link } from "react-router";

import type { Edge, Lineage, NodeKind } from "../../api";
import { type Item, layers } from "../../charts/layers";
import { to } from "../../data/paths";
import { Sideways } from "../../parts/sideways";
import { KINDS, shortTitle } from "./words";

const WIDE = 184;
const HIGH = 50;
/** What an edge that only passes takes of a column. */
const BEND = 12;
const BETWEEN = 118;
const APART = 14;
const EDGE = 10;
/** More edges than this are told by pointing at them only. */
const MOST_NAMED = 60;

/** A mark for each kind, told apart without colour. */
const MARKS: Record<NodeKind, ReactElement> = {
  dataset: <path d="M1 3h10M1 6h10M1 9h10" />,
  run: <path d="M3 1.5 10 6l-7 4.5z" />,
  model: <path d="M2 2h8v8H2z" />,
  predictions: <path d="M6 1l5 5-5 5-5-5z" />,
  labels: <circle cx="6" cy="6" r="4.5" />,
};

export function Mark({ kind }: { kind: NodeKind }): ReactElement {
  return (
    <svg viewBox="0 0 12 12" width="11" height="11" aria-hidden="true" className="mark">
      {MARKS[kind]}
    </svg>
  );
}

interface Place {
  x: number;
  /** The middle. */
  y: number;
  /** Where an edge only passes. */
  bend: boolean;
}

interface Drawn {
  edge: Edge;
  path: string;
  /** Where its words stand: in the gap before its end. */
  x: number;
  y: number;
  steep: number;
}

interface Layout {
  places: Map<string, Place>;
  drawn: Drawn[];
  width: number;
  height: number;
}

const highOf = (items: Item[]): number => items.reduce((sum, { bend }) => sum + (bend ? BEND : HIGH) + APART, -APART);

/** From the right of one to the left of the next; back to an earlier one it goes round. */
function curve(from: Place, until: Place): string {
  const [x1, x2] = [from.x + WIDE, until.x];
  const bend = x2 > x1 ? (x2 - x1) / 2 : BETWEEN / 2;
  return `M${x1} ${from.y}C${x1 + bend} ${from.y} ${x2 - bend} ${until.y} ${x2} ${until.y}`;
}

/** An edge through what it leads through; across a column it only passes it is straight. */
function pathOf(way: Place[]): string {
  return way
    .slice(1)
    .map((until, at) => {
      const from = way[at] ?? until;
      return curve(from, until) + (until.bend ? `h${WIDE}` : "");
    })
    .join("");
}

function layout({ of, nodes, edges }: Lineage): Layout {
  const { columns, ways } = layers(nodes, edges, of);
  const height = Math.max(...columns.map(highOf)) + 2 * EDGE;
  const places = new Map<string, Place>();
  for (const [at, column] of columns.entries()) {
    let top = (height - highOf(column)) / 2;
    for (const { ref, bend } of column) {
      const high = bend ? BEND : HIGH;
      places.set(ref, { x: EDGE + at * (WIDE + BETWEEN), y: top + high / 2, bend });
      top += high + APART;
    }
  }
  const drawn = edges.map((edge, at): Drawn => {
    const way = (ways[at] ?? []).flatMap((ref) => places.get(ref) ?? []);
    const [last, before] = [way.at(-1), way.at(-2)];
    const [from, until] = [before?.y ?? 0, last?.y ?? 0];
    return { edge, path: pathOf(way), x: (last?.x ?? 0) - BETWEEN / 2, y: (from + until) / 2 - 5, steep: Math.abs(until - from) };
  });
  return { places, drawn, width: columns.length * (WIDE + BETWEEN) - BETWEEN + 2 * EDGE, height };
}

/** Words of the edges, once where several say the same at one of their ends: beside the flattest. */
function named(drawn: Drawn[]): Drawn[] {
  const seen = new Set<string>();
  return drawn
    .toSorted((one, other) => one.steep - other.steep)
    .filter(({ edge: { before, after, how } }) => {
      const keys = [`${how} < ${before}`, `${how} > ${after}`];
      const told = keys.some((key) => seen.has(key));
      for (const key of keys) seen.add(key);
      return !told;
    });
}

export function Graph({ found }: { found: Lineage }): ReactElement {
  const { places, drawn, width, height } = useMemo(() => layout(found), [found]);
  const place = useRef<HTMLElement>(null);
  const centre = places.get(found.of);
  useEffect(() => {
    const at = place.current;
    if (at === null || centre === undefined) return;
    at.scrollTo({ left: centre.x + WIDE / 2 - at.clientWidth / 2, top: centre.y - at.clientHeight / 2 });
  }, [centre]);
  const looped = new Set(found.loops.flat());
  return (
    <Sideways place={place} className="graph" label="Lineage">
      <div style={{ width, height }}>
        <svg width={width} height={height} aria-hidden="true">
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0 0.5 8 4 0 7.5z" />
            </marker>
          </defs>
          {drawn.map(({ edge: { before, after, how }, path }) => (
            <path key={`${before} ${after}`} className="edge" d={path} markerEnd="url(#arrow)">
              <title>{how}</title>
            </path>
          ))}
          {drawn.length > MOST_NAMED
            ? null
            : named(drawn).map(({ edge: { before, after, how }, x, y }) => (
                <text key={`${before} ${after}`} x={x} y={y} textAnchor="middle">
                  {how}
                </text>
              ))}
        </svg>
        {found.nodes.map((node) => {
          const at = places.get(node.ref);
          return at === undefined ? null : (
            <Link
              key={node.ref}
              to={to.lineage(node.ref)}
              className={`node ${node.ref === found.of ? "centre" : ""} ${looped.has(node.ref) ? "looped" : ""}`}
              aria-current={node.ref === found.of ? "true" : undefined}
              title={node.title}
              style={{ left: at.x, top: at.y - HIGH / 2, width: WIDE, height: HIGH }}
            >
              <span className="kind">
                <Mark kind={node.kind} /> {KINDS[node.kind]}
                {looped.has(node.ref) ? " · loop" : ""}
              </span>
              <span className="title">{shortTitle(node)}</span>
            </Link>
          );
        })}
      </div>
    </Sideways>
  );
}
