/** A column before and now: a row for each bin, the reference behind, the period in front. */
import { type CSSProperties, type ReactElement, type ReactNode, useCallback, useMemo } from "react";
import uPlot from "uplot";

import { type Options, type Palette, Plot } from "./plot";

export interface BarRow {
  key: string;
  label: ReactNode;
  title: string;
  before: number;
  now: number;
  numbers: ReactNode[];
}

interface Props {
  label: string;
  rows: BarRow[];
  heads: string[];
}

const ROW = 24;

export function Bars({ label, rows, heads }: Props): ReactElement {
  const data = useMemo(
    (): [number[], number[], number[]] => [
      rows.map((_, at) => at),
      rows.map((row) => row.before),
      rows.map((row) => row.now),
    ],
    [rows],
  );
  const most = Math.max(...rows.map((row) => Math.max(row.before, row.now)), 1e-9);
  const many = rows.length;
  const options = useCallback(
    (colours: Palette): Options => {
      const thick = (part: number): uPlot.Series.PathBuilder =>
        uPlot.paths.bars?.({ size: [part, ROW * part] }) ?? (() => null);
      return {
        legend: { show: false },
        cursor: { show: false },
        padding: [0, 0, 0, 0],
        axes: [{ show: false, scale: "x" }, { show: false, scale: "y" }],
        scales: {
          x: { time: false, ori: 1, dir: -1, range: [-0.5, many - 0.5] },
          y: { ori: 0, dir: 1, range: [0, most] },
        },
        series: [
          {},
          { fill: colours.faint, width: 0, paths: thick(0.72), points: { show: false } },
          { fill: colours.accent, width: 0, paths: thick(0.34), points: { show: false } },
        ],
      };
    },
    [many, most],
  );
  const style = { "--row": `${ROW}px`, "--numbers": heads.length } as CSSProperties;
  return (
    <div className="bars" style={style}>
      <div>
        <div className="cell head">&nbsp;</div>
        {rows.map((row) => (
          <div key={row.key} className="cell" title={row.title}>
            {row.label}
          </div>
        ))}
      </div>
      <div>
        <div className="cell head">&nbsp;</div>
        <Plot label={label} height={many * ROW} data={data} options={options} />
      </div>
      <div className="numbers">
        {heads.map((head) => (
          <div key={head} className="cell head">
            {head}
          </div>
        ))}
        {rows.flatMap((row) =>
          row.numbers.map((number, at) => (
            <div key={`${row.key} ${heads[at] ?? ""}`} className="cell">
              {number}
            </div>
          )),
        )}
      </div>
    </div>
  );
}
