/** The metric over time: its interval, what is normal, the alarm line, incidents and events. */
import { type ReactElement, useCallback, useMemo } from "react";
import type uPlot from "uplot";

import type { Series } from "../api";
import { isShare, metricName, metricValue } from "../words";
import { type Extent, scaleAxis, stepOf, timeAxis } from "./axis";
import { drawEvents, drawIncidents, drawReference, type Marks } from "./marks";
import { type Options, type Palette, Plot } from "./plot";

interface Props {
  series: Series;
  extent: Extent;
  marks: Marks;
  /** Tells which window is pointed at; null when none is. */
  onPoint: (index: number | null) => void;
  /** Tells the times that were dragged over. */
  onSpan: (from: number, to: number) => void;
}

const HEIGHT = 260;
const WIDEST_DRAG = 6;
/** The series before it are the edges of bands, and the alarm line. */
const FIRST_SHOWN = 8;
export const SYNC = "time";

/** Values in the middle of their windows, those not yet judged apart. */
function columnsOf(series: Series): uPlot.AlignedData {
  const middle = stepOf(series.start) / 2;
  const { value, provisional } = series;
  const judged = value.map((one, at) => (provisional[at] === true ? null : one));
  // The dashed line starts at the last judged window, so that no gap is seen.
  const shown = value.map((one, at) =>
    provisional[at] === true || provisional[at + 1] === true ? one : null,
  );
  return [
    series.start.map((at) => at + middle),
    series.normal_low,
    series.normal_high,
    series.low,
    series.high,
    series.smallest,
    series.largest,
    series.line,
    shown,
    judged,
  ];
}

/** A little air around the lines; a share ends at 100 %. */
function room(low: number, high: number, share: boolean): [number, number] {
  const air = Math.max(0.06 * (high - low), 1e-6);
  return [share ? Math.max(low - air, 0) : low - air, share ? Math.min(high + air, 1) : high + air];
}

export function MetricChart({ series, extent, marks, onPoint, onSpan }: Props): ReactElement {
  const data = useMemo(() => columnsOf(series), [series]);
  const { metric } = series;
  const single = series.value.filter((one) => one !== null).length < 90;
  const options = useCallback(
    (colours: Palette): Options => {
      const unseen = { stroke: "transparent", width: 0, points: { show: false } };
      return {
        ms: 1,
        legend: { show: false },
        padding: [20, 0, 0, 0],
        cursor: {
          sync: { key: SYNC },
          y: false,
          drag: { x: true, y: false, dist: WIDEST_DRAG },
          points: { size: (_, at) => (at >= FIRST_SHOWN ? 7 : 0), width: 0, fill: colours.accent },
        },
        scales: {
          x: { time: true, range: [extent.from, extent.to] },
          y: { range: (_, low, high) => room(low, high, isShare(metric)) },
        },
        axes: [
          timeAxis(colours, true),
          scaleAxis(colours, (value) => metricValue(metric, value).replace(/\.0 %$/, " %")),
        ],
        bands: [
          { series: [6, 5], fill: colours.extremes },
          { series: [2, 1], fill: colours.band },
          { series: [4, 3], fill: colours.accentWash },
        ],
        series: [
          {},
          unseen,
          unseen,
          unseen,
          unseen,
          unseen,
          unseen,
          { stroke: colours.soft, width: 1, dash: [6, 4], points: { show: false } },
          { stroke: colours.accent, width: 1.5, dash: [2, 3], points: { show: false } },
          {
            stroke: colours.accent,
            width: 2,
            points: { show: single, size: 4, fill: colours.accent, width: 0 },
          },
        ],
        hooks: {
          drawClear: [(chart) => drawIncidents(chart, colours, marks.incidents)],
          draw: [
            (chart) => {
              if (marks.reference !== null) drawReference(chart, colours, marks.reference);
              drawEvents(chart, colours, marks.events);
            },
          ],
          setCursor: [(chart) => onPoint(chart.cursor.idx ?? null)],
          setSelect: [
            (chart) => {
              if (chart.select.width < WIDEST_DRAG) return;
              const from = chart.posToVal(chart.select.left, "x");
              const to = chart.posToVal(chart.select.left + chart.select.width, "x");
              chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              onSpan(from, to);
            },
          ],
        },
      };
    },
    [metric, extent, marks, onPoint, onSpan, single],
  );
  const known = series.value.filter((value) => value !== null);
  const label =
    known.length === 0
      ? "no window has labels yet"
      : `${metricName(metric)} over ${series.start.length} windows, from ` +
        `${metricValue(metric, known[0] ?? null)} to ${metricValue(metric, known.at(-1) ?? null)}`;
  return <Plot label={label} height={HEIGHT} data={data} options={options} />;
}
