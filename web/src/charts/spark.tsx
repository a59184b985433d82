/** The last windows of a metric as a line the size of a word. */
import { type ReactElement, useCallback, useMemo } from "react";

import { type Options, type Palette, Plot } from "./plot";

interface Props {
  label: string;
  values: (number | null)[];
  /** What is normal: a thin line. */
  expected: number | null;
  failing: boolean;
}

const HEIGHT = 34;

export function Spark({ label, values, expected, failing }: Props): ReactElement | null {
  const data = useMemo(
    (): [number[], (number | null)[], (number | null)[]] => [
      values.map((_, at) => at),
      values.map(() => expected),
      values,
    ],
    [values, expected],
  );
  const options = useCallback(
    (colours: Palette): Options => ({
      legend: { show: false },
      cursor: { show: false },
      padding: [3, 3, 3, 3],
      scales: { x: { time: false }, y: { range: (_, low, high) => spread(low, high) } },
      axes: [{ show: false }, { show: false }],
      series: [
        {},
        { stroke: colours.faint, width: 1, points: { show: false } },
        {
          stroke: failing ? colours.wrong : colours.accent,
          width: 1.5,
          points: { show: false },
        },
      ],
    }),
    [failing],
  );
  if (values.every((value) => value === null)) return null;
  return <Plot label={label} height={HEIGHT} data={data} options={options} />;
}

/** A range that keeps a level line in the middle. */
function spread(low: number, high: number): [number, number] {
  const room = Math.max(0.08 * (high - low), 0.01 * Math.abs(high), 1e-9);
  return [low - room, high + room];
}
