/** The metric over time and the evidence of its alarm, over one time axis with what is below. */
import { Button } from "@mantine/core";
import { type ReactElement, useCallback, useMemo, useState } from "react";

import type { Series, Slice } from "../../api";
import { type Extent, windowName } from "../../charts/axis";
import { EvidenceChart } from "../../charts/evidence";
import type { Marks } from "../../charts/marks";
import { MetricChart } from "../../charts/metric";
import { count, describe, isPart, isShare, metricName, metricValue, reach } from "../../words";

interface Props {
  series: Series;
  extent: Extent;
  marks: Marks;
  where: Slice;
  /** Sets the times shown; null shows all. */
  onSpan: (span: [number, number] | null) => void;
  zoomed: boolean;
  /** Without it the metric stands alone. */
  evidence?: boolean;
}

/** One window in words. */
function Readout({ series, at }: { series: Series; at: number | null }): ReactElement {
  const start = at === null ? undefined : series.start[at];
  if (at === null || start === undefined) return <span>&nbsp;</span>;
  const { metric } = series;
  const value = series.value[at] ?? null;
  const low = series.low[at] ?? null;
  const high = series.high[at] ?? null;
  const normalLow = series.normal_low[at] ?? null;
  const normalHigh = series.normal_high[at] ?? null;
  const evidence = series.evidence[at] ?? null;
  return (
    <>
      <b>{windowName(start)}</b>: {metricName(metric)}{" "}
      <b>{value === null ? "not known, no labels" : metricValue(metric, value)}</b>
      {low !== null && high !== null ? ` (${reach(metric, [low, high])})` : ""}
      {normalLow !== null && normalHigh !== null ? `, normal ${reach(metric, isShare(metric) ? [Math.max(normalLow, 0), Math.min(normalHigh, 1)] : [normalLow, normalHigh])}` : ""}, {count(series.labelled[at] ?? 0)} of {count(series.rows[at] ?? 0)} rows labelled
      {series.provisional[at] === true ? ", not judged yet" : ""}
      {evidence !== null ? `, evidence ${evidence >= 100 ? "far beyond" : evidence.toPrecision(2)} of the alarm’s 1` : ""}
    </>
  );
}

const swatch = (style: React.CSSProperties): ReactElement => <i style={style} aria-hidden="true" />;

function Legend({ series }: { series: Series }): ReactElement {
  return (
    <p className="legend">
      <span>
        {swatch({ borderTop: "2px solid var(--accent)", height: 0, verticalAlign: "0.3em" })}
        {metricName(series.metric)}
      </span>
      <span>{swatch({ background: "var(--accent-wash)" })}its 95 % interval</span>
      {series.smallest.some((one, at) => one !== (series.largest[at] ?? null)) ? (
        <span>{swatch({ background: "var(--extremes)" })}least and most of windows drawn as one</span>
      ) : null}
      {series.normal_low.some((one) => one !== null) ? (
        <span>{swatch({ background: "var(--band)" })}normal: 95 of 100 healthy windows</span>
      ) : null}
      {series.line.some((one) => one !== null) ? (
        <span>
          {swatch({ borderTop: "1px dashed var(--soft)", height: 0, verticalAlign: "0.3em" })}beyond it a window speaks for a failure
        </span>
      ) : null}
      {series.provisional.some(Boolean) ? (
        <span>
          {swatch({ borderTop: "2px dotted var(--accent)", height: 0, verticalAlign: "0.3em" })}not judged yet
        </span>
      ) : null}
    </p>
  );
}

export function Timeline(props: Props): ReactElement {
  const { series, extent, marks, where, onSpan, zoomed, evidence = true } = props;
  const [at, setAt] = useState<number | null>(null);
  const drag = useCallback((from: number, to: number) => onSpan([from, to]), [onSpan]);
  const own = useMemo((): Marks => marks, [marks]);
  return (
    <>
      <p className="readout">
        {at === null && zoomed ? (
          <Button variant="default" size="compact-xs" onClick={() => onSpan(null)}>
            Show all of the time
          </Button>
        ) : (
          <Readout series={series} at={at} />
        )}
      </p>
      <div className="strip">
        <div className="label">
          <b>{metricName(series.metric)}</b>
          {isPart(where) ? describe(where) : "all rows"}
          {series.metric === null || series.higher_is_better ? "" : "; lower is better"}
        </div>
        <MetricChart series={series} extent={extent} marks={own} onPoint={setAt} onSpan={drag} />
      </div>
      {evidence && series.evidence.some((one) => one !== null) ? (
        <div className="strip">
          <div className="label">
            <b>evidence</b>an incident opens at the line
          </div>
          <EvidenceChart series={series} extent={extent} onPoint={setAt} />
        </div>
      ) : null}
      <Legend series={series} />
    </>
  );
}
