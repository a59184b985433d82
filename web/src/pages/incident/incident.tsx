/** One incident: the verdict, what would fix it, and the evidence. */
import { Button } from "@mantine/core";
import { type ReactElement, useCallback, useMemo, useState } from "react";
import { Link, useParams } from "react-router";

import type { IncidentPage, ModelPage, Series, WhyReport } from "../../api";
import { extentOf } from "../../charts/axis";
import type { Marks } from "../../charts/marks";
import { download, Failure, send } from "../../data/client";
import { api, to } from "../../data/paths";
import { invalidate, useAnswer } from "../../data/query";
import { useUrl } from "../../data/url";
import { AlertLine, groupAlerts } from "../../parts/alerts";
import { type Fact, Facts, Head, Section } from "../../parts/page";
import { Empty, Failed, Shown } from "../../parts/states";
import { actionWord, confidence, describe, duration, isPart, metricName, metricValue, namesCause, pointsOf, sentenceCase, when } from "../../words";
import { DistributionOf, SlicesOf } from "../model/column";
import { EventLines } from "../model/lists";
import { Timeline } from "../model/timeline";
import { CheckedTable } from "./checked";
import { Deeds, QuickDeeds } from "./deeds";
import { Examples } from "./examples";
import { Split } from "./split";
import { Told } from "./told";

const MOST_ALERTS = 12;

function factsOf(page: IncidentPage): Fact[] {
  const { incident } = page.head;
  const { metric } = page;
  const facts: Fact[] = [];
  // The verdict says how far all rows fell, from other windows than the watch does.
  if (page.drop === null || isPart(incident.where)) {
    facts.push({
      name: isPart(incident.where) ? `${metricName(metric)}, ${describe(incident.where)}` : metricName(metric),
      value: `${metricValue(metric, incident.before)} → ${metricValue(metric, incident.after)}`,
    });
  }
  if (page.drop !== null) facts.push({ name: "the drop", value: pointsOf(metric, page.drop) });
  const ended = incident.ended === null ? null : new Date(incident.ended).getTime();
  const until = ended ?? new Date(page.period.end).getTime();
  const lasted = duration((until - new Date(incident.started).getTime()) / 1000);
  facts.push({ name: "since", value: when(incident.started), note: ended === null ? `${lasted} so far` : `over after ${lasted}` });
  facts.push({ name: "noticed", value: when(incident.detected) });
  const trigger = page.report?.verdict.trigger ?? null;
  if (trigger !== null) facts.push({ name: "began with", value: trigger.name, note: when(trigger.at) });
  return facts;
}

/** Starts a verdict, and says so while one is being made. */
function Ask({ page }: { page: IncidentPage }): ReactElement | null {
  const [asked, setAsked] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const { model, incident } = page.head;
  const ask = async (): Promise<void> => {
    setFailure(null);
    setAsked(true);
    try {
      await send<unknown>(api.why(model, incident.id), {});
      invalidate((path) => path === api.incident(model, incident.id));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      setFailure(error);
    } finally {
      setAsked(false);
    }
  };
  if (page.pending) {
    return (
      <output className="notice small">The verdict is being made; it appears here by itself.</output>
    );
  }
  if (page.report !== null && !page.stale) return null;
  return (
    <div style={{ marginTop: "1rem" }}>
      <Button size="xs" variant={page.report === null ? "filled" : "default"} loading={asked} onClick={() => void ask()}>
        {page.report === null ? "Ask why" : "Rows came since: ask again"}
      </Button>
      {failure === null ? null : <Failed failure={failure} />}
    </div>
  );
}

/** The metric of the whole model, or of the slice that failed, with the incident as a span. */
function Course({ page }: { page: IncidentPage }): ReactElement {
  const { model, incident } = page.head;
  const url = useUrl();
  const whole = useAnswer<ModelPage>(api.model(model));
  const span = { start: url.get("start"), end: url.get("end") };
  const series = useAnswer<Series>(api.series(model, span, incident.where));
  const extent = useMemo(() => (series.data === null ? null : extentOf(series.data.start)), [series.data]);
  const marks = useMemo(
    (): Marks => ({
      incidents: whole.data?.incidents ?? [page.head],
      events: whole.data?.events ?? page.events,
      reference: page.reference,
    }),
    [whole.data, page],
  );
  const { set } = url;
  const onSpan = useCallback(
    (between: [number, number] | null) =>
      set(
        between === null
          ? { start: null, end: null }
          : { start: new Date(between[0]).toISOString(), end: new Date(between[1]).toISOString() },
        "replace",
      ),
    [set],
  );
  return (
    <Shown answer={series} height={300}>
      {(data) =>
        extent === null || data.start.length === 0 ? (
          <Empty>No window lies in that time.</Empty>
        ) : (
          <Timeline
            series={data}
            extent={extent}
            marks={marks}
            where={incident.where}
            onSpan={onSpan}
            zoomed={span.start !== null}
            evidence={false}
          />
        )
      }
    </Shown>
  );
}

function Alerts({ page }: { page: IncidentPage }): ReactElement {
  const [all, setAll] = useState(false);
  const groups = useMemo(() => groupAlerts(page.alerts), [page.alerts]);
  if (groups.length === 0) return <Empty>None near it.</Empty>;
  return (
    <>
      <ul className="lines">
        {(all ? groups : groups.slice(0, MOST_ALERTS)).map((group) => (
          <AlertLine key={group.key} model={page.head.model} group={group} />
        ))}
      </ul>
      {all || groups.length <= MOST_ALERTS ? null : (
        <Button mt="sm" size="compact-xs" variant="default" onClick={() => setAll(true)}>
          Show all {groups.length}
        </Button>
      )}
    </>
  );
}

function Evidence({ page, report }: { page: IncidentPage; report: WhyReport }): ReactElement {
  const { model } = page.head;
  return (
    <>
      {report.findings.length === 0 ? null : (
        <Section title="Where the points went" says="The whole drop, then its parts down to what stays unexplained. They add up; the thin lines are 95 % intervals.">
          <Split model={model} metric={page.metric} report={report} />
        </Section>
      )}
    </>
  );
}

function Export({ page }: { page: IncidentPage }): ReactElement {
  const [failure, setFailure] = useState<Failure | null>(null);
  const { model, incident } = page.head;
  const get = (kind: "md" | "json") => async (): Promise<void> => {
    try {
      await download(api.exported(model, incident.id, kind), `${model}-${incident.id}.${kind}`);
      setFailure(null);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      setFailure(error);
    }
  };
  return (
    <>
      <p className="soft">
        Keep it, or send it to someone, as{" "}
        <button type="button" className="linkish" onClick={() => void get("md")()}>
          Markdown
        </button>{" "}
        or{" "}
        <button type="button" className="linkish" onClick={() => void get("json")()}>
          JSON
        </button>
        .
      </p>
      {failure === null ? null : <Failed failure={failure} />}
    </>
  );
}

/** Whether the verdict speaks of a column. */
const isNamed = ({ report }: IncidentPage, column: string): boolean =>
  report !== null && [report.verdict.where, ...report.findings.map(({ slice }) => slice)].some((where) => column in where);

function Column({ page, column }: { page: IncidentPage; column: string }): ReactElement {
  const url = useUrl();
  const { model } = page.head;
  return (
    <Section
      title={`${column}, before and now`}
      says={
        <>
          {isNamed(page, column) ? "The column that matters here." : "The column that moved most."} <Link to={to.column(model, column, page.period)}>See it with the others</Link>
        </>
      }
    >
      <DistributionOf model={model} metric={page.metric} column={column} span={page.period} />
      <div style={{ marginTop: "1.75rem" }}>
        <SlicesOf
          model={model}
          metric={page.metric}
          column={column}
          span={page.period}
          failing={page.head.incident.ended === null}
          sort={url.get("sort")}
          onSort={(sort) => url.set({ sort }, "replace")}
          href={(where) => to.where(model, where, column)}
          keys
        />
      </div>
    </Section>
  );
}

function Body({ page }: { page: IncidentPage }): ReactElement {
  const { head, report } = page;
  const { model, incident, handled } = head;
  const open = incident.ended === null;
  const verdict = report?.verdict ?? null;
  return (
    <>
      <Head
        title={`${model}: incident of ${when(incident.started)}`}
        kicker={
          <>
            <Link to={to.model(model)}>{model}</Link>
            <span className="sep">/</span>
            <span>incident of {when(incident.started)}</span>
            <span className="sep">/</span>
            <span className={`state ${open ? "failing" : "healthy"}`}>{open ? "open" : "over"}</span>
            {handled === null ? null : (
              <span>
                · {handled.by === "" ? "someone" : handled.by} {actionWord(handled.kind)}
              </span>
            )}
          </>
        }
        headline={sentenceCase(verdict?.sentence ?? head.sentence)}
        standfirst={verdict === null ? undefined : sentenceCase(verdict.remedy)}
      />
      {verdict === null ? null : (
        <p className="soft" style={{ marginTop: "0.6rem" }}>
          {namesCause(verdict.cause) ? confidence(verdict.confidence) : ""}
        </p>
      )}
      <Ask page={page} />
      <QuickDeeds model={model} id={incident.id} actions={page.actions} />
      <Told page={page} />
      <Facts facts={factsOf(page)} />
      {report === null ? null : <Evidence page={page} report={report} />}
      <Section title="Look at them" says="Choose one to see all its values.">
        <Examples page={page} />
      </Section>
      <Section title="Over time">
        <Course page={page} />
      </Section>
      {page.column === null ? null : <Column page={page} column={page.column} />}
      {report === null || report.checked.length === 0 ? null : (
        <Section title="What was checked, and ruled out" says="Each cause was tested on rows it had not seen. Gain: nats a row better than no change at all.">
          <CheckedTable checked={report.checked} />
        </Section>
      )}
      {report === null || report.cannot_know.length === 0 ? null : (
        <Section title="What these data cannot tell">
          {report.cannot_know.map((line) => (
            <p key={line} className="prose">
              {sentenceCase(line)}
            </p>
          ))}
        </Section>
      )}
      <Section title="Events near it">
        {page.events.length === 0 ? <Empty>Nothing was told of that time.</Empty> : <EventLines events={page.events} />}
      </Section>
      <Section title="Alerts near it">
        <Alerts page={page} />
      </Section>
      <Section title="What people say" id="people">
        <Deeds model={model} id={incident.id} actions={page.actions} />
      </Section>
      <Section title="Where it came from" says="Of what the model was made, and what was made of its answers since.">
        <Link to={to.lineage(model)}>See the lineage of {model}</Link>
      </Section>
      <Section title="Export">
        <Export page={page} />
      </Section>
    </>
  );
}

export function IncidentView(): ReactElement {
  const { model = "", id = "" } = useParams();
  const page = useAnswer<IncidentPage>(api.incident(model, id));
  return <Shown answer={page} whole>{(data) => <Body page={data} />}</Shown>;
}
