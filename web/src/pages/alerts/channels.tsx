/** Who is told of what. */
import type { ReactElement } from "react";

import type { Channel } from "../../api";
import { api } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { Section } from "../../parts/page";
import { Empty, Shown } from "../../parts/states";
import { type Column, Grid } from "../../table/grid";
import { duration } from "../../words";

const ALERTS: Record<Channel["alerts"], string> = {
  none: "incidents",
  quality: "incidents, quality alerts",
  all: "incidents, all alerts",
};

const COLUMNS: Column<Channel>[] = [
  {
    id: "name",
    head: "Channel",
    className: "wide",
    cell: (row) => (
      <>
        <b>{row.name}</b>
        <div className="soft small">{row.to}</div>
      </>
    ),
  },
  {
    id: "models",
    head: "Models",
    className: "wide",
    cell: (row) => (row.models.length === 0 ? "every model" : row.models.join(", ")),
  },
  {
    id: "what",
    head: "Told of",
    className: "wide",
    cell: (row) => `${ALERTS[row.alerts]}${row.reviews ? ", weekly reviews" : ""}`,
  },
  {
    id: "cooldown",
    head: "Pause",
    means: "after a message about a model, nothing more is sent about it for that long",
    label: "pause",
    className: "nowrap",
    cell: (row) => (row.cooldown === 0 ? "none" : duration(row.cooldown)),
  },
];

export function Channels(): ReactElement {
  const channels = useAnswer<Channel[]>(api.channels);
  return (
    <Section title="Who is told">
      <Shown answer={channels} height={80}>
        {(all) =>
          all.length === 0 ? (
            <Empty>
              Nobody yet. <code>whence notify add --name team 'slack://...'</code> adds a channel.
            </Empty>
          ) : (
            <Grid label="Channels" className="stacked channels" rows={all} columns={COLUMNS} rowHeight={56} />
          )
        }
      </Shown>
    </Section>
  );
}
