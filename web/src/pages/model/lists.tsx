/** What happened around a model, as lines of a list: incidents, events, notes. */
import type { ReactElement } from "react";
import { Link } from "react-router";

import type { EventMark, IncidentHead } from "../../api";
import { to } from "../../data/paths";
import { actionWord, eventWord, sentenceCase, when } from "../../words";

export function IncidentLines({ incidents }: { incidents: IncidentHead[] }): ReactElement {
  return (
    <ul className="lines">
      {incidents
        .toSorted((one, other) => (one.incident.started < other.incident.started ? 1 : -1))
        .map(({ model, incident, sentence, handled }) => (
          <li key={incident.id}>
            <span className="soft">
              {when(incident.started)}
              {incident.ended === null ? "" : ` to ${when(incident.ended)}`}
            </span>
            <span>
              <span className={`state ${incident.ended === null ? "failing" : "healthy"}`}>
                {incident.ended === null ? "open" : "over"}
              </span>{" "}
              · <Link to={to.incident(model, incident.id)}>{sentenceCase(sentence)}</Link>
              {handled === null ? null : (
                <span className="soft">
                  {" "}
                  {handled.by === "" ? "Someone" : handled.by} {actionWord(handled.kind)}.
                </span>
              )}
            </span>
          </li>
        ))}
    </ul>
  );
}

export function EventLines({ events }: { events: EventMark[] }): ReactElement {
  return (
    <ul className="lines">
      {events.map((event) => (
        <li key={`${event.at} ${event.kind} ${event.name}`}>
          <span className="soft">{when(event.at)}</span>
          <span>
            {event.name} <span className="soft">· {eventWord(event.kind)}</span>
            {Object.keys(event.scope).length > 0 ? (
              <span className="soft">
                {" "}
                ·{" "}
                {Object.entries(event.scope)
                  .map(([name, value]) => `${name} = '${value}'`)
                  .join(" and ")}
              </span>
            ) : null}
          </span>
        </li>
      ))}
    </ul>
  );
}
