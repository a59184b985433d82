/** What is drawn on the time axis beside lines: incidents as spans, events as marks. */
import type uPlot from "uplot";

import type { EventMark, IncidentHead, Milliseconds, Window } from "../api";
import type { Palette } from "./plot";

export interface Marks {
  incidents: IncidentHead[];
  events: EventMark[];
  reference: Window | null;
}

const px = (length: number): number => length * devicePixelRatio;

function across(chart: uPlot, from: Milliseconds, to: Milliseconds): [number, number] | null {
  const { left, width } = chart.bbox;
  const begin = Math.max(chart.valToPos(from, "x", true), left);
  const end = Math.min(chart.valToPos(to, "x", true), left + width);
  return end > begin ? [begin, end] : null;
}

/** Incidents, under everything else: red while open, grey when over. */
export function drawIncidents(chart: uPlot, colours: Palette, incidents: IncidentHead[]): void {
  const { ctx, bbox } = chart;
  for (const { incident } of incidents) {
    const from = new Date(incident.started).getTime();
    const to = incident.ended === null ? Number.POSITIVE_INFINITY : new Date(incident.ended).getTime();
    const place = across(chart, from, Math.min(to, chart.scales["x"]?.max ?? to));
    if (place === null) continue;
    const [begin, end] = place;
    const open = incident.ended === null;
    ctx.save();
    ctx.fillStyle = open ? colours.wrongWash : colours.band;
    ctx.fillRect(begin, bbox.top, end - begin, bbox.height);
    ctx.fillStyle = open ? colours.wrong : colours.faint;
    ctx.fillRect(begin, bbox.top, end - begin, px(2));
    ctx.restore();
  }
}

/** The reference, as a line at the foot with its name. */
export function drawReference(chart: uPlot, colours: Palette, reference: Window): void {
  const place = across(
    chart,
    new Date(reference.start).getTime(),
    new Date(reference.end).getTime(),
  );
  if (place === null) return;
  const [begin, end] = place;
  const { ctx, bbox } = chart;
  const foot = bbox.top + bbox.height;
  ctx.save();
  ctx.fillStyle = colours.soft;
  ctx.fillRect(begin, foot - px(2), end - begin, px(2));
  ctx.font = `${px(11)}px system-ui, sans-serif`;
  if (ctx.measureText("reference").width + px(8) < end - begin) {
    ctx.fillText("reference", begin + px(4), foot - px(6));
  }
  ctx.restore();
}

/** Events: a line down, the name at its head where there is room, else a tick alone. */
export function drawEvents(chart: uPlot, colours: Palette, events: EventMark[]): void {
  const { ctx, bbox } = chart;
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.font = `${px(11)}px system-ui, sans-serif`;
  ctx.textBaseline = "bottom";
  let free = bbox.left;
  for (const event of events.toSorted((one, other) => (one.at < other.at ? -1 : 1))) {
    const at = chart.valToPos(new Date(event.at).getTime(), "x", true);
    if (at < bbox.left || at > right) continue;
    ctx.strokeStyle = colours.soft;
    ctx.lineWidth = px(1);
    ctx.setLineDash([px(1), px(2)]);
    ctx.beginPath();
    ctx.moveTo(at, bbox.top - px(3));
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
    const wide = ctx.measureText(event.name).width;
    const begin = Math.max(bbox.left, Math.min(at - px(2), right - wide));
    if (begin >= free && wide < bbox.width) {
      ctx.fillStyle = colours.soft;
      ctx.fillText(event.name, begin, bbox.top - px(4));
      free = begin + wide + px(10);
    }
  }
  ctx.restore();
}
