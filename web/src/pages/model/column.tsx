/** One column: its distribution in the reference and in a period, and the slices it makes. */
import type { ReactElement } from "react";
import { useNavigate } from "react-router";

import type { Distribution, Level, Slice, SliceTable } from "../../api";
import { type BarRow, Bars } from "../../charts/bars";
import { Spark } from "../../charts/spark";
import { api, type Span } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { Empty, Shown } from "../../parts/states";
import { type Column, Grid } from "../../table/grid";
import { count, isShare, metricName, metricShort, metricValue, percent, period, plural, reach, sentenceCase, signed } from "../../words";

interface Props {
  model: string;
  metric: string | null;
  column: string;
  span: Span;
}

/** A mean loss, said as the metric's value: `91.2 %` of a loss of .088. */
function lossAs(metric: string | null, loss: number | null): string {
  return metricValue(metric, loss !== null && isShare(metric) ? 1 - loss : loss);
}

function rowsOf(metric: string | null, { bins }: Distribution): BarRow[] {
  return bins.map((bin) => ({
    key: bin.label,
    label: bin.label,
    title: bin.label,
    before: bin.before,
    now: bin.now,
    numbers: [
      <span key="share">
        <span className="soft">{percent(bin.before)} →</span> {percent(bin.now)}
      </span>,
      <span key="loss">
        <span className="soft narrow-off">{lossAs(metric, bin.loss_before)} →</span> {lossAs(metric, bin.loss)}
      </span>,
    ],
  }));
}

export function DistributionOf({ model, metric, column, span }: Props): ReactElement {
  const answer = useAnswer<Distribution>(api.distribution(model, column, span));
  return (
    <Shown answer={answer} height={180}>
      {(one) =>
        one.bins.length === 0 ? (
          <Empty>No rows have this column in that time.</Empty>
        ) : (
          <>
            <p className="small soft prose">
              Grey is the reference, {period(one.reference)} ({plural(one.rows_before, "row")}); in front of it{" "}
              {period(one.period)} ({plural(one.rows, "row")}).
            </p>
            <Bars
              label={`${column}: shares of ${one.bins.length} bins before and now, as in the numbers beside`}
              rows={rowsOf(metric, one)}
              heads={["share of rows", metricShort(metric)]}
            />
          </>
        )
      }
    </Shown>
  );
}

function levelColumns(metric: string | null, failing: boolean): Column<Level>[] {
  return [
    { id: "label", head: "Slice", value: (row) => row.label, className: "wide name", cell: (row) => row.label },
    {
      id: "points",
      head: isShare(metric) ? "Points lost" : "Lost",
      means: "what it costs all rows: its share now, times how much worse it became",
      number: true,
      label: "lost",
      value: (row) => row.points,
      cell: (row) => (row.points === null ? "–" : signed(metric, row.points)),
    },
    {
      id: "after",
      head: sentenceCase(metricName(metric)),
      number: true,
      label: metricName(metric),
      value: (row) => row.after,
      cell: (row) => (
        <>
          <span className="soft">{metricValue(metric, row.before)} →</span> {metricValue(metric, row.after)}
        </>
      ),
    },
    {
      id: "interval",
      head: "95 % interval",
      number: true,
      className: "narrow-off",
      cell: (row) => (row.interval === null ? "–" : reach(metric, row.interval)),
    },
    {
      id: "share",
      head: "Share of rows",
      number: true,
      label: "share",
      value: (row) => row.share,
      cell: (row) => (
        <>
          <span className="soft">{percent(row.share_before)} →</span> {percent(row.share)}
        </>
      ),
    },
    {
      id: "labelled",
      head: "Labelled",
      number: true,
      className: "narrow-off",
      value: (row) => row.labelled,
      cell: (row) => count(row.labelled),
    },
    {
      id: "recent",
      head: "Recently",
      className: "narrow-off",
      cell: (row) => (
        <div style={{ width: "7rem" }}>
          <Spark label={`${metricName(metric)} of ${row.label}`} values={row.recent} expected={row.before} failing={failing && (row.points ?? 0) > 0.01} />
        </div>
      ),
    },
  ];
}

interface SlicesProps extends Props {
  failing: boolean;
  sort: string | null;
  onSort: (sort: string | null) => void;
  /** Where a slice leads: to itself over time. */
  href: (where: Slice) => string;
  keys?: boolean;
}

export function SlicesOf(props: SlicesProps): ReactElement {
  const { model, column, span, failing, sort, onSort, href, keys = false } = props;
  const go = useNavigate();
  const answer = useAnswer<SliceTable>(api.slices(model, column, span));
  return (
    <Shown answer={answer} height={180}>
      {(table) =>
        table.levels.length === 0 ? (
          <Empty>No slice of this column has labelled rows in that time.</Empty>
        ) : (
          <Grid
            label={`Slices of ${column}`}
            className="levels stacked"
            rows={table.levels}
            columns={levelColumns(table.metric, failing)}
            sort={sort}
            onSort={onSort}
            onOpen={(row) => {
              void go(href(row.where));
              scrollTo({ top: 0 });
            }}
            keys={keys}
          />
        )
      }
    </Shown>
  );
}
