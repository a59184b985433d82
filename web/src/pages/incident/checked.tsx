/** Every cause that was tested, what it gained, and why it is not the verdict. */
import type { ReactElement } from "react";

import type { Checked } from "../../api";
import { type Column, Grid } from "../../table/grid";
import { causeMeans, sentenceCase } from "../../words";

const nats = (value: number): string => value.toFixed(4).replace("-", "−");

const COLUMNS: Column<Checked>[] = [
  {
    id: "cause",
    head: "Cause",
    className: "wide",
    value: (row) => row.cause,
    cell: (row) => (
      <>
        <span style={row.ruled_out_by === null ? { fontWeight: 600 } : {}}>{row.cause}</span>
        <div className="soft small">{causeMeans(row.cause)}</div>
      </>
    ),
  },
  {
    id: "ruled",
    head: "Ruled out by",
    className: "wide",
    cell: (row) =>
      row.ruled_out_by === null ? <b>Not ruled out: the verdict</b> : sentenceCase(row.ruled_out_by),
  },
  {
    id: "gain",
    head: "Gain",
    means: "nats a row by which it predicts the failing rows better than no change does, on rows it had not seen",
    number: true,
    label: "gain",
    value: (row) => row.gain,
    cell: (row) => (row.gain === null ? <span className="soft">not tested</span> : nats(row.gain)),
  },
  {
    id: "interval",
    head: "95 % interval",
    number: true,
    label: "95 %",
    cell: (row) =>
      row.interval === null ? "" : `${nats(row.interval[0])} to ${nats(row.interval[1])}`,
  },
];

/** The verdict first, then the closest rivals. */
export function CheckedTable({ checked }: { checked: Checked[] }): ReactElement {
  const rows = checked.toSorted((one, other) => {
    if ((one.ruled_out_by === null) !== (other.ruled_out_by === null)) return one.ruled_out_by === null ? -1 : 1;
    return (other.gain ?? Number.NEGATIVE_INFINITY) - (one.gain ?? Number.NEGATIVE_INFINITY) || 0;
  });
  return <Grid label="Causes that were tested" className="stacked checked" rows={rows} columns={COLUMNS} rowHeight={56} />;
}
