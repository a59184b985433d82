/** How much speaks for a failure, as a part of what opens an incident. */
import { type ReactElement, useCallback, useMemo } from "react";

import type { Series } from "../api";
import { type Extent, scaleAxis, stepOf, timeAxis } from "./axis";
import { SYNC } from "./metric";
import { type Options, type Palette, Plot } from "./plot";

interface Props {
  series: Series;
  extent: Extent;
  onPoint: (index: number | null) => void;
}

const HEIGHT = 84;
// Beyond these nothing more is to be seen: far from an alarm, or long past it.
const LEAST = 0.01;
const MOST = 1000;
const NAMES: Record<number, string> = { 0.01: ".01", 1: "alarm", 1000: "1000" };

export function EvidenceChart({ series, extent, onPoint }: Props): ReactElement | null {
  const data = useMemo((): [number[], (number | null)[], (number | null)[]] => {
    const middle = stepOf(series.start) / 2;
    return [
      series.start.map((at) => at + middle),
      series.start.map(() => 1),
      series.evidence.map((one) => (one === null ? null : Math.min(Math.max(one, LEAST), MOST))),
    ];
  }, [series]);
  const options = useCallback(
    (colours: Palette): Options => ({
      ms: 1,
      legend: { show: false },
      padding: [6, 0, 0, 0],
      cursor: {
        sync: { key: SYNC },
        y: false,
        drag: { x: false, y: false },
        points: { size: (_, at) => (at === 2 ? 6 : 0), width: 0, fill: colours.ink },
      },
      scales: {
        x: { time: true, range: [extent.from, extent.to] },
        y: { distr: 3, range: [LEAST / 1.4, MOST * 1.4] },
      },
      axes: [
        timeAxis(colours, false),
        {
          ...scaleAxis(colours, (value) => NAMES[value] ?? ""),
          grid: { show: false },
          splits: () => [LEAST, 1, MOST],
          filter: (_, splits) => splits,
        },
      ],
      series: [
        {},
        { stroke: colours.soft, width: 1, dash: [6, 4], points: { show: false } },
        { stroke: colours.ink, width: 1.5, points: { show: false } },
      ],
      hooks: { setCursor: [(chart) => onPoint(chart.cursor.idx ?? null)] },
    }),
    [extent, onPoint],
  );
  const known = series.evidence.filter((value) => value !== null);
  if (known.length === 0) return null;
  const last = known.at(-1) ?? 0;
  return (
    <Plot
      label={`evidence for a failure: ${last >= 1 ? "beyond the alarm" : "below the alarm"} at the end`}
      height={HEIGHT}
      data={data}
      options={options}
    />
  );
}
