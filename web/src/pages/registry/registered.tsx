/** One registered model: its versions, which run made each, and where each came from. */
import { type ReactElement, useMemo } from "react";
import { Link, useNavigate, useParams } from "react-router";

import type { RegisteredModelPage, RunRow, VersionRow } from "../../api";
import { api, to } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { useUrl } from "../../data/url";
import { Facts, Head, Section } from "../../parts/page";
import { Empty, Shown } from "../../parts/states";
import { type Column, Grid } from "../../table/grid";
import { byName, plural, when } from "../../words";
import { Given } from "../runs/given";
import { Aliases } from "./aliases";
import { aliasText } from "./registry";

/** How MLflow says that a version is at no stage. */
const NO_STAGE = "None";

const reference = ({ model, version }: VersionRow): string => `model:${model}@${version}`;

function RunName({ id }: { id: string }): ReactElement {
  const { data } = useAnswer<RunRow>(api.run(id));
  return <Link to={to.run(id)}>{data?.name ?? id.slice(0, 8)}</Link>;
}

function Standing({ version }: { version: VersionRow }): ReactElement {
  const { aliases, stage } = version;
  return (
    <>
      {aliases.toSorted(byName).join(", ")}
      {aliases.length > 0 && stage !== NO_STAGE ? "; " : ""}
      {stage === NO_STAGE ? "" : `stage ${stage}`}
    </>
  );
}

function Described({ version: { description, tags } }: { version: VersionRow }): ReactElement {
  const said = Object.entries(tags).toSorted(([one], [other]) => byName(one, other));
  return (
    <>
      {description}
      {said.length === 0 ? null : (
        <div className="soft small">
          {said.map(([name, value]) => `${name}: ${value}`).join(" · ")}
        </div>
      )}
    </>
  );
}

const COLUMNS: Column<VersionRow>[] = [
  { id: "version", head: "Version", value: ({ version }) => version, number: true, label: "version", cell: ({ version }) => <b>{version}</b> },
  { id: "standing", head: "Aliases and stage", className: "wide", cell: (version) => <Standing version={version} /> },
  { id: "description", head: "Description and tags", className: "story wide", cell: (version) => <Described version={version} /> },
  {
    id: "run",
    head: "Made by",
    label: "made by",
    cell: ({ run, source }) => (run === null ? <span className="soft source" title={source}>{source}</span> : <RunName id={run} />),
  },
  { id: "created", head: "Registered", means: "in UTC", label: "registered", value: ({ created }) => created, cell: ({ created }) => <span className="nowrap">{when(created)}</span> },
  { id: "lineage", head: "", cell: (version) => <Link to={to.lineage(reference(version))} className="nowrap">Where it came from</Link> },
];

/** The model as one sentence: how far it is, and which version serves. */
function sentenceOf({ model: { name, latest, aliases }, versions }: RegisteredModelPage): string {
  if (latest === null || versions.length === 0) return `${name} has no version yet.`;
  const stages = versions.filter(({ stage }) => stage === "Production").map(({ version }) => `version ${version} is in production`);
  const said = aliasText(aliases) || stages.join(", ");
  return `${name} has ${plural(versions.length, "version")}; ${said === "" ? "no alias names one" : said}.`;
}

function Body({ page }: { page: RegisteredModelPage }): ReactElement {
  const url = useUrl();
  const go = useNavigate();
  const { model, versions } = page;
  const tags = useMemo(() => Object.entries(model.tags), [model.tags]);
  return (
    <>
      <Head
        title={model.name}
        kicker={<Link to={to.registry}>Registry</Link>}
        headline={sentenceOf(page)}
        standfirst={model.description === "" ? undefined : model.description}
      />
      <Facts
        facts={[
          { name: "registered", value: when(model.created), note: "UTC" },
          { name: "changed", value: when(model.updated), note: "UTC" },
        ]}
      />
      {tags.length === 0 ? null : (
        <Section title="Tags">
          <Given values={tags} />
        </Section>
      )}
      <Section title="Versions" says={versions.length === 0 ? undefined : "The newest first."}>
        {versions.length === 0 ? (
          <Empty>None was registered.</Empty>
        ) : (
          <Grid
            label="Versions"
            className="registry stacked"
            rows={versions}
            columns={COLUMNS}
            rowHeight={44}
            sort={url.get("sort")}
            onSort={(sort) => url.set({ sort }, "replace")}
            onOpen={(version) => void go(version.run === null ? to.lineage(reference(version)) : to.run(version.run))}
            keys
          />
        )}
      </Section>
      {versions.length === 0 ? null : <Aliases page={page} />}
    </>
  );
}

export function RegisteredView(): ReactElement {
  const { name = "" } = useParams();
  const page = useAnswer<RegisteredModelPage>(api.registered(name));
  return <Shown answer={page} whole>{(data) => <Body key={data.model.name} page={data} />}</Shown>;
}
