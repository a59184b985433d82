/** What something came from, and all that came from it. */
import { type ReactElement, useMemo } from "react";
import { Link } from "react-router";

import type { Edge, Lineage } from "../../api";
import { api, to } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { useUrl } from "../../data/url";
import { Folded } from "../../parts/folded";
import { Head, Section } from "../../parts/page";
import { Empty, Shown } from "../../parts/states";
import { type Column, Grid } from "../../table/grid";
import { count, plural } from "../../words";
import { Graph } from "./graph";
import { KINDS, loopsOf, partsOf, reachOf, titleOf } from "./words";

/** The page of the thing itself, where it has one. */
function Own({ of }: { of: string }): ReactElement | null {
  const { kind, name } = partsOf(of);
  if (kind === "run") return <Link to={to.run(name)}>See the run</Link>;
  if (kind === "model") return <Link to={to.registered(name)}>See it in the registry</Link>;
  if (kind === "predictions" || kind === "labels") return <Link to={to.model(name)}>See how {name} does</Link>;
  return null;
}

/** One end of an edge, which is a link. */
const endOf = (found: Lineage, id: "before" | "after", head: string): Column<Edge> => ({
  id,
  head,
  cell: (edge) => <Link to={to.lineage(edge[id])}>{titleOf(found, edge[id])}</Link>,
});

const columnsOf = (found: Lineage): Column<Edge>[] => [
  endOf(found, "before", "This"),
  { id: "how", head: "how", cell: ({ how }) => how },
  endOf(found, "after", "this"),
];

/** The graph as a table, for those who cannot see it. */
function Told({ found }: { found: Lineage }): ReactElement {
  const columns = useMemo(() => columnsOf(found), [found]);
  return (
    <Folded summary={`The same in words: ${plural(found.edges.length, "step")}`}>
      <Grid label="Steps" className="grid-plain" rows={found.edges} columns={columns} rowHeight={30} fixed />
    </Folded>
  );
}

function Body({ found }: { found: Lineage }): ReactElement {
  const loops = loopsOf(found);
  const [first, ...others] = loops;
  const reach = reachOf(found);
  return (
    <>
      <Head
        title={`Lineage of ${titleOf(found, found.of)}`}
        kicker={
          <>
            <span>Lineage</span>
            <span className="sep">/</span>
            <span>{KINDS[partsOf(found.of).kind as keyof typeof KINDS]}</span>
          </>
        }
        headline={first === undefined ? reach : first}
        standfirst={first === undefined ? undefined : `Such data hold only what the model chose to show or to ask for. ${reach}`}
      />
      {others.map((sentence) => (
        <p key={sentence} className="prose">
          {sentence}
        </p>
      ))}
      <p className="told">
        <Own of={found.of} />
      </p>
      <Section
        title="Where it came from, and what it led to"
        says={`From left to right. Choose one to see its own lineage.${found.cut ? ` There is more: the nearest ${count(found.nodes.length)} are shown.` : ""}`}
      >
        <Graph found={found} />
        {found.edges.length === 0 ? null : <Told found={found} />}
      </Section>
    </>
  );
}

export function LineagePage(): ReactElement {
  const of = useUrl().get("of");
  const found = useAnswer<Lineage>(of === null ? null : api.lineage(of));
  if (of === null) {
    return (
      <>
        <Head title="Lineage" headline="Lineage of what?" />
        <Empty>A run, a version in the registry, a model and an incident each have a link to theirs.</Empty>
      </>
    );
  }
  return <Shown answer={found} whole>{(data) => <Body key={data.of} found={data} />}</Shown>;
}
