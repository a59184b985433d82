/** A metric by step: one run, or several over one another. */
import { type ReactElement, useCallback, useMemo } from "react";
import uPlot from "uplot";

import type { Curve } from "../api";
import { count, MINUS } from "../words";
import { scaleAxis, timeAxis } from "./axis";
import { type Options, type Palette, Plot } from "./plot";

export interface Line {
  name: string;
  /** Which of the colours of runs; null is the accent, of a run that stands alone. */
  colour: number | null;
  curve: Curve;
  /** Drawn instead of the values, which stay as a faint line; null where nothing is smoothed. */
  smooth: (number | null)[] | null;
}

/** Steps from and to, as far as they are shown. */
export type Steps = readonly [number, number];

interface Props {
  lines: Line[];
  /** Null shows all. */
  steps: Steps | null;
  /** Charts that count the same, steps or seconds, are pointed at together. */
  counts: "steps" | "seconds";
  /** Tells the step that is pointed at; null when none is. */
  onPoint: (step: number | null) => void;
  onSteps: (steps: Steps) => void;
}

const HEIGHT = 190;
const WIDEST_DRAG = 6;
/** Room for half of the first tick's text, in pixels. */
const EDGE = 10;
/** How wide a digit is, about. */
const DIGIT = 7;
/** Of each line: the least and largest of what was merged, the last, and what is drawn for it. */
const SERIES = 4;
/** So few points are marked, that none is missed. */
const FEW = 30;
/** Steps are whole numbers, and so are their ticks. */
const WHOLE = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat();
const DIGITS = 6;
const BAND_ALPHA = "26";
/** The edges of a band, so that a single high point among many is seen. */
const EDGE_ALPHA = "80";
/** The values themselves, behind what was made of them. */
const RAW_ALPHA = "48";

/** A tick of a scale: as many digits as tell it from the next. */
function tick(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-4 ? String(Number(value.toPrecision(3)).toExponential()) : String(Number(value.toPrecision(DIGITS)));
  return text.replaceAll("-", MINUS).replace("e+", "e");
}

/** A step, where its text is not cut at the left edge. */
function label(chart: uPlot, step: number): string {
  const text = count(step);
  return chart.valToPos(step, "x") + EDGE < (DIGIT * text.length) / 2 ? "" : text;
}

/** A little air; a line that never changes lies in the middle. */
function room(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const air = high > low ? 0.06 * (high - low) : Math.max(0.1 * Math.abs(high), 1e-12);
  return [low - air, high + air];
}

/** What of a line decides how its chart is made: with more points of it the chart stays. */
interface Look {
  colour: number | null;
  merged: boolean;
  few: boolean;
  smooth: boolean;
}

const looksOf = (lines: Line[]): Look[] =>
  lines.map(({ colour, curve, smooth }) => ({ colour, merged: isMerged(curve) && smooth === null, few: curve.steps.length <= FEW, smooth: smooth !== null }));

const isMerged = ({ points, steps }: Curve): boolean => points > steps.length;

export function CurveChart({ lines, steps, counts, onPoint, onSteps }: Props): ReactElement {
  const data = useMemo(
    () => uPlot.join(lines.map(({ curve, smooth }): uPlot.AlignedData => [curve.steps, curve.low, curve.high, curve.values, smooth ?? curve.values])),
    [lines],
  );
  const key = JSON.stringify(looksOf(lines));
  const looks = useMemo(() => JSON.parse(key) as Look[], [key]);
  const options = useCallback(
    (colours: Palette): Options => {
      const of = ({ colour }: Look): string => (colour === null ? colours.accent : (colours.runs[colour] ?? colours.ink));
      const unseen = { stroke: "transparent", width: 0, points: { show: false } };
      return {
        ms: 1,
        legend: { show: false },
        padding: [8, 0, 0, EDGE],
        cursor: {
          sync: { key: counts, scales: ["x", null] },
          y: false,
          drag: { x: true, y: false, dist: WIDEST_DRAG, setScale: false },
          points: {
            size: (_, at) => (at % SERIES === 0 ? 6 : 0),
            width: 0,
            fill: (_, at) => {
              const look = looks[at / SERIES - 1];
              return look === undefined ? colours.accent : of(look);
            },
          },
        },
        scales: {
          x: {
            time: false,
            range: (_, low, high) => (steps === null ? (low === high ? [low - 1, high + 1] : [low, high]) : [steps[0], steps[1]]),
          },
          y: { range: (_, low, high) => room(low, high) },
        },
        axes: [
          { ...axisOf(colours), incrs: WHOLE, values: (chart, splits) => splits.map((one) => label(chart, one)) },
          scaleAxis(colours, tick),
        ],
        bands: looks.map((look, at) => ({
          series: [SERIES * at + 2, SERIES * at + 1],
          fill: !look.merged ? "transparent" : look.colour === null ? colours.accentWash : of(look) + BAND_ALPHA,
        })),
        series: [
          {},
          ...looks.flatMap((look): uPlot.Series[] => [
            ...Array.from({ length: 2 }, () => (look.merged ? { ...unseen, stroke: of(look) + EDGE_ALPHA, width: 1 } : unseen)),
            look.smooth ? { ...unseen, stroke: of(look) + RAW_ALPHA, width: 1 } : unseen,
            {
              stroke: of(look),
              width: 1.5,
              points: { show: look.few, size: 4, fill: of(look), width: 0 },
            },
          ]),
        ],
        hooks: {
          setCursor: [
            (chart) => {
              const at = chart.cursor.idx;
              onPoint(at === null || at === undefined ? null : (chart.data[0][at] ?? null));
            },
          ],
          setSelect: [
            (chart) => {
              if (chart.select.width < WIDEST_DRAG) return;
              const from = chart.posToVal(chart.select.left, "x");
              const to = chart.posToVal(chart.select.left + chart.select.width, "x");
              chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              onSteps([Math.floor(from), Math.ceil(to)]);
            },
          ],
        },
      };
    },
    [looks, steps, counts, onPoint, onSteps],
  );
  const said = lines.map(({ name, curve }) => `${name} over ${count(curve.points)} points`).join(", ");
  return <Plot label={`${lines[0]?.curve.metric ?? "metric"} by step: ${said}`} height={HEIGHT} data={data} options={options} />;
}

function axisOf(colours: Palette): uPlot.Axis {
  const { splits: _, values: __, ...rest } = timeAxis(colours, true);
  return { ...rest, space: 70 };
}
