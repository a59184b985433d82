/** Columns by windows: how far each moved from the reference; drawn on a canvas, one cell each. */
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize, useMediaQuery } from "@mantine/hooks";
import { type KeyboardEvent, type PointerEvent, type ReactElement, useEffect, useRef, useState } from "react";

import type { DriftMap } from "../api";
import { percent, when } from "../words";
import { type Extent, SCALE_WIDTH } from "./axis";
import { palette } from "./plot";

interface Props {
  map: DriftMap;
  extent: Extent;
  /** The column whose histograms are shown. */
  chosen: string | null;
  onChoose: (column: string, window: number | null) => void;
}

interface Place {
  row: number;
  at: number;
}

const ROW = 20;
const GAP = 1;
/** Room for a name over its row, where there is none beside it. */
const NAME = 18;
// Cohen (1988): .1 is small, .3 medium, .5 large; the ink is full at large.
const LARGE = 0.5;
const FAINTEST = 0.04;
const MISSING_SHOWN = 0.05;

/** The words for one cell. */
function say(map: DriftMap, { row, at }: Place): ReactElement {
  const column = map.columns[row];
  const start = map.start[at];
  if (column === undefined || start === undefined) return <>&nbsp;</>;
  const distance = column.distance[at] ?? null;
  const missing = column.missing[at] ?? null;
  const alert = column.alerts[at] ?? null;
  return (
    <>
      <b>{column.name}</b>, {when(start)}:{" "}
      {distance === null ? "no rows" : `moved ${distance.toFixed(2)} (Cohen’s w, ${sizeOf(distance)})`}
      {missing !== null && missing > 0 ? `, ${percent(missing)} missing` : ""}
      {alert === null ? "" : `. ${alert}`}
    </>
  );
}

function sizeOf(distance: number): string {
  if (distance < 0.1) return "as ever";
  if (distance < 0.3) return "small";
  return distance < LARGE ? "medium" : "large";
}

export function HeatMap({ map, extent, chosen, onChoose }: Props): ReactElement {
  const { ref: measured, width } = useElementSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [place, setPlace] = useState<Place | null>(null);
  useComputedColorScheme("light"); // another light is drawn in other colours
  const narrow = useMediaQuery("(max-width: 46rem)", undefined, { getInitialValueInEffect: false }) === true;
  const over = narrow ? NAME : 0;
  const pitch = over + ROW;
  const height = map.columns.length * pitch;
  const inner = Math.max(width - SCALE_WIDTH, 0);
  const long = extent.to - extent.from || 1;
  const left = (at: number): number => (((map.start[at] ?? 0) - extent.from) / long) * inner;
  const right = (at: number): number => (((map.end[at] ?? 0) - extent.from) / long) * inner;

  useEffect(() => {
    const pen = canvas.current?.getContext("2d");
    if (canvas.current === null || pen === null || pen === undefined || inner === 0) return;
    const scale = devicePixelRatio;
    canvas.current.width = Math.round(inner * scale);
    canvas.current.height = Math.round(height * scale);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    const colours = palette();
    map.columns.forEach((column, row) => {
      const top = row * pitch + over;
      for (let at = 0; at < map.start.length; at += 1) {
        const x = left(at);
        const wide = Math.max(right(at) - x - (right(at) - x > 4 ? GAP : 0), 0.7);
        const distance = column.distance[at] ?? null;
        if (distance === null) continue;
        pen.globalAlpha = FAINTEST + (1 - FAINTEST) * Math.min(distance / LARGE, 1);
        pen.fillStyle = colours.accent;
        pen.fillRect(x, top, wide, ROW - GAP);
        pen.globalAlpha = 1;
        const missing = column.missing[at] ?? 0;
        if (missing > MISSING_SHOWN) {
          pen.fillStyle = colours.paper;
          pen.fillRect(x, top, wide, Math.round((ROW - GAP) * missing));
          pen.strokeStyle = colours.faint;
          pen.strokeRect(x + 0.5, top + 0.5, Math.max(wide - 1, 0), (ROW - GAP) * missing);
        }
        if (column.alerts[at] !== null && column.alerts[at] !== undefined) {
          pen.fillStyle = colours.ink;
          pen.fillRect(x, top + ROW - GAP - 2, wide, 2);
        }
      }
    });
    if (place !== null) {
      pen.strokeStyle = colours.ink;
      pen.lineWidth = 1.5;
      pen.strokeRect(left(place.at), place.row * pitch + over, right(place.at) - left(place.at), ROW - GAP);
    }
  });

  const find = (event: PointerEvent<HTMLCanvasElement>): Place | null => {
    const box = event.currentTarget.getBoundingClientRect();
    const time = extent.from + ((event.clientX - box.left) / box.width) * long;
    const row = Math.floor((event.clientY - box.top) / pitch);
    const at = map.start.findIndex((start, index) => start <= time && time < (map.end[index] ?? 0));
    return at < 0 || row < 0 || row >= map.columns.length ? null : { row, at };
  };
  const choose = (one: Place | null): void => {
    const column = one === null ? undefined : map.columns[one.row];
    if (one !== null && column !== undefined) onChoose(column.name, one.at);
  };
  const press = (event: KeyboardEvent): void => {
    const from = place ?? { row: 0, at: map.start.length - 1 };
    const moves: Record<string, Place> = {
      ArrowLeft: { ...from, at: from.at - 1 },
      ArrowRight: { ...from, at: from.at + 1 },
      ArrowUp: { ...from, row: from.row - 1 },
      ArrowDown: { ...from, row: from.row + 1 },
    };
    if (event.key === "Enter") {
      event.preventDefault();
      choose(place);
      return;
    }
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setPlace({
      row: Math.min(Math.max(next.row, 0), map.columns.length - 1),
      at: Math.min(Math.max(next.at, 0), map.start.length - 1),
    });
  };

  return (
    <>
      <div className="heat" style={{ "--row": `${pitch}px`, "--name": `${narrow ? NAME : ROW}px` } as React.CSSProperties}>
        <div className="names">
          {map.columns.map((column) => (
            <button
              key={column.name}
              type="button"
              title={column.name}
              aria-pressed={column.name === chosen}
              onClick={() => onChoose(column.name, null)}
            >
              {column.name}
            </button>
          ))}
        </div>
        <div ref={measured} style={{ minWidth: 0 }}>
          {/* A canvas is one thing to a screen reader: arrows move in it, the line below speaks. */}
          <canvas
            ref={canvas}
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it is a grid by arrows
            tabIndex={0}
            // oxlint-disable-next-line jsx-a11y/no-interactive-element-to-noninteractive-role -- arrows are ours here
            role="application"
            aria-label={`drift of ${map.columns.length} columns over ${map.start.length} windows; arrows move, Enter shows the histograms`}
            style={{ width: inner, height }}
            onPointerMove={(event) => setPlace(find(event))}
            onPointerLeave={() => setPlace(null)}
            onClick={() => choose(place)}
            onKeyDown={press}
          />
        </div>
      </div>
      <p className="readout" aria-live="polite">
        {place === null ? <span>&nbsp;</span> : say(map, place)}
      </p>
    </>
  );
}
