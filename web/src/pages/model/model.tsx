/** One model: its metric over time, what moved, its slices, what happened around it. */
import { Button, Select } from "@mantine/core";
import { type ReactElement, useCallback, useMemo } from "react";
import { Link, useParams } from "react-router";

import type { DriftMap, ModelPage, Series } from "../../api";
import { type Extent, extentOf } from "../../charts/axis";
import { HeatMap } from "../../charts/heat";
import type { Marks } from "../../charts/marks";
import { api, type Span, to } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { sliceOf, type Url, useUrl } from "../../data/url";
import { type Fact, Facts, Head, Section } from "../../parts/page";
import { Empty, Shown } from "../../parts/states";
import { count, describe, isPart, metricName, metricValue, percent, period, plural, sentenceCase, stateWord, within } from "../../words";
import { DistributionOf, SlicesOf } from "./column";
import { EventLines, IncidentLines } from "./lists";
import { Review } from "./review";
import { Timeline } from "./timeline";

const DAY_WORDS = { hour: "hourly", day: "daily", week: "weekly", month: "monthly", year: "yearly" };

/** The period of the chosen heat map cell, else the times shown. */
function spanOf(url: Url): { shown: Span; cell: Span | null } {
  const shown = { start: url.get("start"), end: url.get("end") };
  const [start, end] = (url.get("window") ?? "").split("/");
  return { shown, cell: start && end ? { start, end } : null };
}

function factsOf({ row, reference, declared, by }: ModelPage): Fact[] {
  const facts: Fact[] = [];
  if (row.value !== null) {
    facts.push({
      name: `${metricName(row.metric)}, last window`,
      value: metricValue(row.metric, row.value),
      ...(row.expected === null ? {} : { note: `normal ${metricValue(row.metric, row.expected)}` }),
    });
  }
  facts.push(
    { name: "rows, last window", value: count(row.rows), note: `${DAY_WORDS[by]} windows` },
    {
      name: "labelled",
      value: percent(row.labelled),
      ...(row.delay === null ? {} : { note: `nearly all ${within(row.delay)}` }),
    },
    { name: "reference", value: period(reference), note: declared ? "declared" : "assumed" },
  );
  return facts;
}

interface PartProps {
  page: ModelPage;
  url: Url;
}

function Over({ page, url }: PartProps): ReactElement {
  const name = page.row.name;
  const { shown, cell } = spanOf(url);
  const where = useMemo(() => sliceOf(url.get("where")) ?? {}, [url]);
  const series = useAnswer<Series>(api.series(name, shown, where));
  const drift = useAnswer<DriftMap>(api.drift(name, shown));
  const marks = useMemo(
    (): Marks => ({ incidents: page.incidents, events: page.events, reference: page.reference }),
    [page],
  );
  const { set } = url;
  const onSpan = useCallback(
    (span: [number, number] | null) =>
      set(
        span === null
          ? { start: null, end: null, window: null }
          : { start: new Date(span[0]).toISOString(), end: new Date(span[1]).toISOString(), window: null },
      ),
    [set],
  );
  const extent = useMemo(
    (): Extent | null => (series.data === null || series.data.start.length === 0 ? null : extentOf(series.data.start)),
    [series.data],
  );
  const choose = (map: DriftMap) => (column: string, at: number | null) => {
    const start = at === null ? undefined : map.start[at];
    const end = at === null ? undefined : map.end[at];
    const window =
      start === undefined || end === undefined ? null : `${new Date(start).toISOString()}/${new Date(end).toISOString()}`;
    set({ column, window });
    requestAnimationFrame(() => document.querySelector("#column")?.scrollIntoView({ block: "nearest" }));
  };
  return (
    <>
      <Section
        title="Over time"
        says="Drag over a stretch to look closer."
        aside={
          isPart(where) ? (
            <Button variant="default" size="compact-xs" onClick={() => set({ where: null })}>
              Only {describe(where)} · show all rows
            </Button>
          ) : undefined
        }
      >
        <Shown answer={series} height={340}>
          {(data) =>
            extent === null ? (
              <Empty>No window lies in that time. <Link to={to.model(name)}>Show all of it</Link></Empty>
            ) : (
              <Timeline
                series={data}
                extent={extent}
                marks={marks}
                where={where}
                onSpan={onSpan}
                zoomed={shown.start !== null || shown.end !== null}
              />
            )
          }
        </Shown>
      </Section>
      <Section
        title="What moved"
        says="How far each column is from the reference, window by window. Moving harms no model by itself; underlined cells crossed their line. Choose one to see its histograms."
      >
        <Shown answer={drift} height={260}>
          {(map) =>
            map.columns.length === 0 ? (
              <Empty>No columns were logged beside the predictions.</Empty>
            ) : (
              <>
                <HeatMap
                  map={map}
                  extent={extent ?? { from: map.start[0] ?? 0, to: map.end.at(-1) ?? 1 }}
                  chosen={url.get("column")}
                  onChoose={choose(map)}
                />
                <p className="legend">
                  {[0, 0.1, 0.3, 0.5].map((distance) => (
                    <span key={distance}>
                      <i
                        aria-hidden="true"
                        style={{ background: `color-mix(in srgb, var(--accent) ${Math.max(4, 200 * distance)}%, var(--paper))` }}
                      />
                      {distance === 0 ? "as ever" : distance === 0.1 ? ".1 small" : distance === 0.3 ? ".3 medium" : ".5 large"}
                    </span>
                  ))}
                  {map.hidden > 0 ? <span>{plural(map.hidden, "column")} that moved less are not shown</span> : null}
                </p>
              </>
            )
          }
        </Shown>
      </Section>
      <OneColumn page={page} url={url} span={cell ?? shown} cell={cell} moved={drift.data?.columns[0]?.name ?? null} />
    </>
  );
}

interface ColumnProps extends PartProps {
  span: Span;
  cell: Span | null;
  moved: string | null;
}

function OneColumn({ page, url, span, cell, moved }: ColumnProps): ReactElement | null {
  const name = page.row.name;
  const column = url.get("column") ?? moved;
  if (page.columns.length === 0 || column === null) return null;
  return (
    <div id="column">
      <Section
        title={`By ${column}`}
        says={
          cell?.start && cell.end ? (
            <>
              In {period({ start: cell.start, end: cell.end })}.{" "}
              <button type="button" className="linkish" onClick={() => url.set({ window: null })}>
                Show the latest windows
              </button>
            </>
          ) : undefined
        }
        aside={
          <Select
            data-find
            size="xs"
            aria-label="Column to slice by"
            data={page.columns}
            value={column}
            searchable
            allowDeselect={false}
            maxDropdownHeight={320}
            limit={200}
            onChange={(next) => url.set({ column: next, sort: null })}
          />
        }
      >
        <DistributionOf model={name} metric={page.row.metric} column={column} span={span} />
        <div style={{ marginTop: "1.75rem" }}>
          <SlicesOf
            model={name}
            metric={page.row.metric}
            column={column}
            span={span}
            failing={page.row.state === "failing"}
            sort={url.get("sort")}
            onSort={(sort) => url.set({ sort }, "replace")}
            href={(where) => to.where(name, where, column)}
            keys
          />
        </div>
      </Section>
    </div>
  );
}

function Body({ page }: { page: ModelPage }): ReactElement {
  const url = useUrl();
  const { row } = page;
  return (
    <>
      <Head
        title={row.name}
        kicker={
          <>
            <span>{row.name}</span>
            <span className="sep">/</span>
            <span className={`state ${row.state}`}>{stateWord(row.state)}</span>
          </>
        }
        headline={sentenceCase(row.sentence)}
        standfirst={
          row.incident === null ? undefined : (
            <Link to={to.incident(row.name, row.incident.incident.id)}>
              See the incident: where it comes from, and what would fix it
            </Link>
          )
        }
      />
      <Facts facts={factsOf(page)} />
      <Over page={page} url={url} />
      <div className="two">
        <Section title="Incidents">
          {page.incidents.length === 0 ? <Empty>None so far.</Empty> : <IncidentLines incidents={page.incidents} />}
        </Section>
        <Section title="What happened outside the data">
          {page.events.length === 0 ? (
            <Empty>
              Nothing was told. <code>whence event "new phone on sale" --at 2023-09-22</code> marks a day.
            </Empty>
          ) : (
            <EventLines events={page.events} />
          )}
        </Section>
      </div>
      {page.notes.length === 0 ? null : (
        <Section title="To know">
          {page.notes.map((note) => (
            <p key={note} className="prose">
              {sentenceCase(note)}
            </p>
          ))}
        </Section>
      )}
      <div className="section ways">
        <Link to={to.rows(row.name, { where: sliceOf(url.get("where")), wrong: null, ...spanOf(url).shown })}>See the rows</Link>
        <Link to={to.lineage(row.name)}>Where it came from</Link>
        <Review model={row.name} />
      </div>
    </>
  );
}

export function ModelView(): ReactElement {
  const { model = "" } = useParams();
  const page = useAnswer<ModelPage>(api.model(model));
  return <Shown answer={page} whole>{(data) => <Body page={data} />}</Shown>;
}
