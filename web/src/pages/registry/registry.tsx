/** Every registered model: its last version, and what its aliases name. */
import { TextInput } from "@mantine/core";
import { type ReactElement, useMemo } from "react";
import { Link, useNavigate } from "react-router";

import type { RegisteredModelRow, RegistryPage } from "../../api";
import { api, to } from "../../data/paths";
import { useAnswer, useAnswers } from "../../data/query";
import { useUrl } from "../../data/url";
import { Listing } from "../../parts/listing";
import { Head, Section } from "../../parts/page";
import { Empty, Failed, Shown } from "../../parts/states";
import { type Column, Grid } from "../../table/grid";
import { byName, count, plural, when } from "../../words";

/** Models that the server gives at once. */
const PAGE = 1000;
const FEW = 3;

const PROGRAM = `store = whence.open()
store.register("digits", run=run)`;

function FirstModels(): ReactElement {
  return (
    <>
      <Head
        title="Registry"
        headline="No model is registered yet. One line is enough."
        standfirst="A registered model has versions, each made by a run; aliases name the version that serves, or the one to try next."
      />
      <div className="steps">
        <section>
          <h2>From the program that trains</h2>
          <p className="soft">
            With the run that made it; MLflow’s <code>register_model</code> does it too.
          </p>
          <Listing code={PROGRAM} />
        </section>
      </div>
    </>
  );
}

/** `production is version 7`, for each alias. */
export const aliasText = (aliases: Record<string, number>): string =>
  Object.entries(aliases)
    .toSorted(([one], [other]) => byName(one, other))
    .map(([alias, version]) => `${alias} is version ${version}`)
    .join(", ");

const COLUMNS: Column<RegisteredModelRow>[] = [
  { id: "name", head: "Model", value: ({ name }) => name, className: "who wide", cell: ({ name }) => <Link to={to.registered(name)}>{name}</Link> },
  { id: "latest", head: "Last version", label: "version", value: ({ latest }) => latest, number: true, cell: ({ latest }) => (latest === null ? "" : count(latest)) },
  { id: "aliases", head: "Aliases", className: "wide", cell: ({ aliases }) => aliasText(aliases) },
  { id: "description", head: "Description", className: "story wide", cell: ({ description }) => <span className="soft">{description}</span> },
  { id: "updated", head: "Changed", means: "in UTC", label: "changed", value: ({ updated }) => updated, cell: ({ updated }) => <span className="nowrap">{when(updated)}</span> },
];

function Table({ first }: { first: RegistryPage }): ReactElement {
  const url = useUrl();
  const go = useNavigate();
  const find = url.get("find") ?? "";
  const rest = useAnswers<RegistryPage>(Array.from({ length: Math.ceil(first.total / PAGE) - 1 }, (_, at) => api.registry((at + 1) * PAGE)));
  const all = useMemo(() => [first, ...rest.flatMap(({ data }) => (data === null ? [] : [data]))].flatMap(({ models }) => models), [first, rest]);
  const wrong = rest.find(({ data, failure }) => data === null && failure !== null);
  const wanted = find.toLowerCase();
  const shown = useMemo(
    () => all.filter(({ name, description, aliases }) => `${name} ${description} ${Object.keys(aliases).join(" ")}`.toLowerCase().includes(wanted)),
    [all, wanted],
  );
  const named = all.filter(({ aliases }) => Object.keys(aliases).length > 0).length;
  const [only] = all;
  const headline =
    first.total === 1 && only !== undefined
      ? `One model is registered: ${only.name}${only.latest === null ? ", without a version" : `, at version ${only.latest}`}.`
      : `${plural(first.total, "model is", "models are")} registered; ${named === 0 ? "none has an alias" : `${count(named)} ${named === 1 ? "has" : "have"} an alias`}.`;
  return (
    <>
      <Head title="Registry" headline={headline} />
      <Section
        title="Registered models"
        aside={
          first.total > FEW || find !== "" ? (
            <TextInput
              data-find
              size="xs"
              aria-label="Find a registered model"
              placeholder="Find a model  /"
              value={find}
              onChange={(event) => url.set({ find: event.currentTarget.value }, "replace")}
              onKeyDown={(event) => {
                if (event.key === "Escape") event.currentTarget.blur();
              }}
            />
          ) : undefined
        }
      >
        {wrong === undefined || wrong.failure === null ? null : <Failed failure={wrong.failure} retry={wrong.retry} />}
        {shown.length === 0 ? (
          <Empty>No model fits “{find}”.</Empty>
        ) : (
          <Grid
            label="Registered models"
            className="registry stacked"
            rows={shown}
            columns={COLUMNS}
            rowHeight={40}
            sort={url.get("sort")}
            onSort={(sort) => url.set({ sort }, "replace")}
            onOpen={({ name }) => void go(to.registered(name))}
            keys
          />
        )}
      </Section>
    </>
  );
}

export function RegistryView(): ReactElement {
  const page = useAnswer<RegistryPage>(api.registry());
  return (
    <Shown answer={page} whole>
      {(data) => (data.total === 0 ? <FirstModels /> : <Table first={data} />)}
    </Shown>
  );
}
